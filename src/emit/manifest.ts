// manifest.json: what a build made, for Terraform, scripts and `kubekiln verify`. It holds no secret.
import { createHash } from 'node:crypto';
import type { RuntimeSource } from '../spec/cluster.ts';
import { type Artifact, bytesOf, NODE_FILES, nodePath, PUBLIC_MODE } from './artifact.ts';
import { IMAGE_PATH } from './image-directory.ts';
import type { Payload } from './payload.ts';
import { type Encoding, encodingOf, handedOver, platformOf } from './platforms.ts';
import { RUNTIME_ARCHIVE_PATH, RUNTIME_IMAGE_DIRECTORY, type RuntimeArchive } from './runtime-archive.ts';

export const MANIFEST_PATH = 'manifest.json';
export const MANIFEST_API_VERSION = 'kubekiln/v1alpha1';
export const MANIFEST_KIND = 'BuildManifest';

/** Paths are relative to the manifest; times are RFC 3339 in UTC. */
export interface ManifestNode {
  readonly role: string;
  readonly address: string;
  readonly platform: string;
  readonly generation: number;
  readonly instanceId: string;
  readonly payloadDigest: string;
  /** The one file that this platform is given. */
  readonly use: string;
  readonly encoding: Encoding;
  /** What the platform's API calls the field that takes it. */
  readonly field: string;
  readonly userData: string;
  readonly userDataGz: string;
  readonly metaData: string;
  readonly networkConfig: string;
  readonly seedIso: string;
  readonly tarball: string;
  /** End of the node's certificate that ends first. */
  readonly notAfter: string;
}

export interface ManifestArtifact {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  /** Four octal digits: `0600`. */
  readonly mode: string;
}

export interface Manifest {
  readonly apiVersion: typeof MANIFEST_API_VERSION;
  readonly kind: typeof MANIFEST_KIND;
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly kubekilnVersion: string;
  /** Until then blank nodes may found the cluster. */
  readonly bootBefore: string;
  /** The runtime part as one archive; nodes look for it where `source` says, unless user-data brings it. */
  readonly runtime: ManifestRuntime;
  /** What machine images are baked from, of whatever builder. */
  readonly image: ManifestImage;
  /** By name, in the order of cluster.yaml. */
  readonly nodes: Readonly<Record<string, ManifestNode>>;
  /** Every file of out/<cluster>/ but the manifest itself, sorted by path. */
  readonly artifacts: readonly ManifestArtifact[];
}

export interface ManifestRuntime {
  readonly source: RuntimeSource;
  /** Of the archive, relative to the manifest. */
  readonly path: string;
  readonly sha256: string;
  /** What mirrors must call it. */
  readonly name: string;
  /** Where an image must hold it, absolute. */
  readonly imagePath: string;
}

export interface ManifestImage {
  /** Of the directory, relative to the manifest. */
  readonly path: string;
  /** Of its SHA256SUMS, which names every other file; a baked image holds it as /usr/local/share/kubekiln/SHA256SUMS. */
  readonly sha256: string;
}

/** What the manifest says of a payload. */
export type ListedPayload = Pick<Payload, 'node' | 'generation' | 'instanceId' | 'digest'>;

export interface ManifestInput {
  readonly clusterName: string;
  readonly kubernetesVersion: string;
  readonly kubekilnVersion: string;
  /** seconds since 1970 */
  readonly bootBefore: number;
  readonly runtime: { readonly source: RuntimeSource; readonly archive: RuntimeArchive };
  /** Hex SHA-256 of image/SHA256SUMS. */
  readonly image: string;
  /** notAfter in seconds since 1970: the end of the node's certificate that ends first */
  readonly nodes: readonly { readonly payload: ListedPayload; readonly notAfter: number }[];
  /** All artifacts of the build, in any order. */
  readonly artifacts: readonly ManifestArtifact[];
}

export function buildManifest(input: ManifestInput): Artifact {
  const paths = new Set(input.artifacts.map(({ path }) => path));
  const manifest: Manifest = {
    apiVersion: MANIFEST_API_VERSION,
    kind: MANIFEST_KIND,
    cluster: input.clusterName,
    kubernetesVersion: input.kubernetesVersion,
    kubekilnVersion: input.kubekilnVersion,
    bootBefore: timestamp(input.bootBefore),
    runtime: manifestRuntime(input.runtime),
    image: { path: IMAGE_PATH, sha256: input.image },
    nodes: Object.fromEntries(input.nodes.map(({ payload, notAfter }) => [payload.node.name, manifestNode(payload, notAfter, paths)])),
    artifacts: input.artifacts.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  };
  return { path: MANIFEST_PATH, mode: PUBLIC_MODE, content: bytesOf(`${JSON.stringify(manifest, null, 2)}\n`) };
}

function manifestRuntime({ source, archive }: ManifestInput['runtime']): ManifestRuntime {
  const { name, digest } = archive;
  return { source, path: RUNTIME_ARCHIVE_PATH, sha256: digest, name, imagePath: `${RUNTIME_IMAGE_DIRECTORY}/${name}` };
}

function manifestNode(payload: ListedPayload, notAfter: number, paths: ReadonlySet<string>): ManifestNode {
  const { node, generation, instanceId, digest } = payload;
  const platform = platformOf(payload);
  const file = handedOver(platform, name => paths.has(nodePath(node.name, name)));
  return {
    role: node.role,
    address: node.address,
    platform: node.platform,
    generation,
    instanceId,
    payloadDigest: digest,
    use: nodePath(node.name, file),
    encoding: encodingOf(file),
    field: platform.field,
    userData: nodePath(node.name, NODE_FILES.userData),
    userDataGz: nodePath(node.name, NODE_FILES.userDataGz),
    metaData: nodePath(node.name, NODE_FILES.metaData),
    networkConfig: nodePath(node.name, NODE_FILES.networkConfig),
    seedIso: nodePath(node.name, NODE_FILES.seedIso),
    tarball: nodePath(node.name, NODE_FILES.tarball),
    notAfter: timestamp(notAfter),
  };
}

/** An artifact as the manifest lists it. */
export function listedArtifact({ path, mode, content }: Artifact): ManifestArtifact {
  return {
    path,
    sha256: createHash('sha256').update(content).digest('hex'),
    size: content.length,
    mode: mode.toString(8).padStart(4, '0'),
  };
}

/** `2027-11-22T00:00:00Z` */
function timestamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
