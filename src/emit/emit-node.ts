// The emit stage wraps finished payloads into carriers, one file per carrier. It decides nothing about Kubernetes.
import { type Artifact, bytesOf, NODE_FILES, nodePath, SECRET_MODE } from './artifact.ts';
import { metaData } from './meta-data.ts';
import { networkConfig } from './network-config.ts';
import { nodeTarball } from './node-tarball.ts';
import type { Payload } from './payload.ts';
import { platformOf } from './platforms.ts';
import { seedIso } from './seed-iso.ts';
import { compressUserData, packedUserData, userData } from './user-data.ts';

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
  const { use } = platformOf(payload);
  const compressed = compressUserData(seed.userData, platformOf(payload));
  const packed = use === 'user-data' ? bytesOf(packedUserData(payload)) : undefined;
  return [
    artifact(NODE_FILES.userData, seed.userData),
    artifact(NODE_FILES.userDataGz, compressed),
    ...(use === 'user-data.b64' ? [artifact(NODE_FILES.userDataB64, bytesOf(Buffer.from(compressed).toString('base64')))] : []),
    ...(packed && packed.length < seed.userData.length ? [artifact(NODE_FILES.userDataPacked, packed)] : []),
    artifact(NODE_FILES.metaData, seed.metaData),
    artifact(NODE_FILES.networkConfig, seed.networkConfig),
    {
      path: nodePath(payload.node.name, NODE_FILES.seedIso),
      mode: SECRET_MODE,
      // Made whenever somebody looks: it repeats user-data and is quickly written, and a thousand of them would take most of a build's memory.
      get content() {
        return seedIso(seed);
      },
    },
    artifact(NODE_FILES.tarball, nodeTarball(payload)),
  ];
}
