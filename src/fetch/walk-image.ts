// From the digest of an image to all its blobs, for the architectures of a cluster: index, manifests, configurations, layers.
import { readFileSync } from 'node:fs';
import type { Architecture } from '../spec/cluster.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';
import {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  invalid,
  MAX_DOCUMENT_BYTES,
  parseConfig,
  parseDocument,
} from './image-documents.ts';

export interface ImageSource {
  /** Brings an index or a manifest into the store. `size` is unknown for the topmost. @throws DownloadError, system errors */
  document(digest: string, size?: number): Promise<void>;
  /** Brings a configuration or a layer into the store. @throws DownloadError, system errors */
  blob(descriptor: Descriptor): Promise<void>;
}

/** One architecture of an image. */
export interface ImagePart {
  readonly architecture: Architecture;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface WalkedImage {
  /** `sha256:…` of what the lock pins. */
  readonly digest: string;
  readonly kind: 'index' | 'manifest';
  readonly parts: readonly ImagePart[];
  /** Bytes of all blobs that belong to these architectures, each once. */
  readonly size: number;
}

/** @param digest `sha256:…`. @throws DownloadError when the image, or the source, is not what it should be; system errors of the store */
export async function walkImage(
  store: ArtifactStore,
  digest: string,
  architectures: readonly Architecture[],
  source: ImageSource,
): Promise<WalkedImage> {
  await source.document(digest);
  const top = readDocument(store, digest);
  const parts: ImagePart[] = [];
  for (const architecture of architectures) {
    const descriptor = top.document.kind === 'index' ? platformOf(top.document, architecture) : descriptorOf(top, digest);
    await source.document(descriptor.digest, descriptor.size);
    const { document, size } = readDocument(store, descriptor.digest);
    if (document.kind === 'index') throw invalid('its index leads to another index');
    if (size !== descriptor.size) throw lyingSize(descriptor, size);
    parts.push(await walkManifest(store, document, { ...descriptor, size }, architecture, source));
  }
  const all = parts.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers]);
  const sizes = new Map(all.map(one => [one.digest, one.size]));
  sizes.set(digest, top.size);
  const size = [...sizes.values()].reduce((sum, one) => sum + one, 0);
  return { digest, kind: top.document.kind, parts, size };
}

async function walkManifest(
  store: ArtifactStore,
  { config, layers }: ImageManifest,
  manifest: Descriptor,
  architecture: Architecture,
  source: ImageSource,
): Promise<ImagePart> {
  if (config.size > MAX_DOCUMENT_BYTES) throw invalid(`its configuration has ${config.size} bytes`);
  await source.blob(config);
  const read = parseConfig(readFileSync(store.pathOf(hexOf(config.digest))));
  if (read.os !== 'linux' || read.architecture !== architecture)
    throw new DownloadError(`its configuration says ${read.os}/${read.architecture}, not linux/${architecture}`, true, {
      code: 'wrong-architecture',
    });
  if (read.rootfs.diff_ids.length !== layers.length)
    throw invalid(`its manifest has ${layers.length} layers, its configuration ${read.rootfs.diff_ids.length}`);
  for (const layer of layers) await source.blob(layer);
  return { architecture, manifest, config, layers };
}

function readDocument(store: ArtifactStore, digest: string): { document: ImageIndex | ImageManifest; size: number } {
  const bytes = readFileSync(store.pathOf(hexOf(digest)));
  return { document: parseDocument(bytes), size: bytes.length };
}

function platformOf({ manifests }: ImageIndex, architecture: Architecture): Descriptor {
  const found = manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === architecture);
  if (found) return found;
  const known = manifests.flatMap(({ platform }) =>
    platform && platform.os !== 'unknown' ? [`${platform.os}/${platform.architecture}`] : [],
  );
  throw new DownloadError(`it is not there for linux/${architecture}, only for ${known.join(', ') || 'nothing'}`, true, {
    code: 'wrong-architecture',
  });
}

function descriptorOf({ document, size }: { document: ImageIndex | ImageManifest; size: number }, digest: string): Descriptor {
  return { mediaType: document.mediaType ?? 'application/vnd.oci.image.manifest.v1+json', digest, size };
}

export function lyingSize({ digest, size }: Descriptor, actual: number): DownloadError {
  return new DownloadError(`${digest} has ${actual} bytes, not the ${size} that the image says`, true, { code: 'size-mismatch' });
}

/** @param digest `sha256:…` */
export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}

/** The image as the store has it; undefined when any blob of it is missing there. @throws DownloadError for one that is not usable */
export async function storedImage(
  store: ArtifactStore,
  digest: string,
  architectures: readonly Architecture[],
): Promise<WalkedImage | undefined> {
  const missing = new DownloadError('it is not in the store', true);
  const present = async (wanted: string) => {
    if (!store.has(hexOf(wanted))) throw missing;
  };
  try {
    return await walkImage(store, digest, architectures, { document: present, blob: ({ digest: wanted }) => present(wanted) });
  } catch (error) {
    if (error === missing) return undefined;
    throw error;
  }
}
