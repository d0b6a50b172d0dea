// The emit stage wraps finished payloads into carriers, one file per carrier. It decides nothing about Kubernetes.
import { gunzip } from '../formats/gzip.ts';
import { type Artifact, bytesOf, NODE_FILES, nodePath, SECRET_MODE } from './artifact.ts';
import { metaData } from './meta-data.ts';
import { networkConfig } from './network-config.ts';
import { nodeTarball } from './node-tarball.ts';
import type { Payload } from './payload.ts';
import { platformOf } from './platforms.ts';
import { seedIso } from './seed-iso.ts';
import { compressUserData, packedUserData, userData } from './user-data.ts';

export type { Artifact } from './artifact.ts';

/**
 * The artifacts of one node: the same payload in every carrier. The bytes are a function of the payload alone. Held is only what is compressed, which
 * takes long to make and little room; the other contents are made from it whenever somebody looks, and a thousand nodes fit into memory.
 */
export function emitNode(payload: Payload): readonly Artifact[] {
  // what is made later must not hold the payload: texts and lengths stand here by themselves
  const { name } = payload.node;
  const platform = platformOf(payload);
  const plain = bytesOf(userData(payload));
  const { length } = plain;
  const compressed = compressUserData(plain, platform);
  const packed = platform.use === 'user-data' ? bytesOf(packedUserData(payload)) : undefined;
  const [meta, network, tarball] = [metaData(payload), networkConfig(payload), nodeTarball(payload)];
  const artifact = (file: string, made: () => Uint8Array): Artifact => ({
    path: nodePath(name, file),
    mode: SECRET_MODE,
    get content() {
      return made();
    },
  });
  const unpacked = () => gunzip(compressed, length);
  const seed = () => seedIso({ userData: unpacked(), metaData: bytesOf(meta), networkConfig: bytesOf(network) });
  return [
    artifact(NODE_FILES.userData, unpacked),
    artifact(NODE_FILES.userDataGz, () => compressed),
    ...(platform.use === 'user-data.b64'
      ? [artifact(NODE_FILES.userDataB64, () => bytesOf(Buffer.from(compressed).toString('base64')))]
      : []),
    ...(packed && packed.length < length ? [artifact(NODE_FILES.userDataPacked, () => packed)] : []),
    artifact(NODE_FILES.metaData, () => bytesOf(meta)),
    artifact(NODE_FILES.networkConfig, () => bytesOf(network)),
    artifact(NODE_FILES.seedIso, seed),
    artifact(NODE_FILES.tarball, () => tarball),
  ];
}
