// The emit stage wraps finished payloads into carriers, one file per carrier. It decides nothing about Kubernetes.
import { type Artifact, bytesOf, NODE_FILES, nodePath, SECRET_MODE } from './artifact.ts';
import { metaData } from './meta-data.ts';
import { networkConfig } from './network-config.ts';
import { nodeTarball } from './node-tarball.ts';
import type { Payload } from './payload.ts';
import { platformOf } from './platforms.ts';
import { seedIso } from './seed-iso.ts';
import { compressUserData, userData } from './user-data.ts';

export type { Artifact } from './artifact.ts';

/** The artifacts of one node: the same payload in every carrier. The bytes are a function of the payload alone. */
export function emitNode(payload: Payload): readonly Artifact[] {
  const seed = {
    userData: bytesOf(userData(payload)),
    metaData: bytesOf(metaData(payload)),
    networkConfig: bytesOf(networkConfig(payload)),
  };
  const artifact = (file: string, content: Uint8Array): Artifact => ({
    path: nodePath(payload.node.name, file),
    mode: SECRET_MODE,
    content,
  });
  return [
    artifact(NODE_FILES.userData, seed.userData),
    artifact(NODE_FILES.userDataGz, compressUserData(seed.userData, platformOf(payload))),
    artifact(NODE_FILES.metaData, seed.metaData),
    artifact(NODE_FILES.networkConfig, seed.networkConfig),
    artifact(NODE_FILES.seedIso, seedIso(seed)),
    artifact(NODE_FILES.tarball, nodeTarball(payload)),
  ];
}
