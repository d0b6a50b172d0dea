// From the digest that the lock pins to every blob of an image for one architecture: index, manifest, configuration, layers.
// https://github.com/opencontainers/image-spec and, with the same fields, https://distribution.github.io/distribution/spec/manifest-v2-2/
import '../formats/zod-settings.ts';
import * as z from 'zod';
import { FormatError } from '../formats/format-error.ts';
import type { Architecture } from '../spec/cluster.ts';

/** What registries are asked to take at least, and containerd reads at most. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const DEFAULT_TYPES = { index: 'application/vnd.oci.image.index.v1+json', manifest: 'application/vnd.oci.image.manifest.v1+json' } as const;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const platform = z.object({ os: z.string().optional(), architecture: z.string().optional() });
const descriptor = z.object({ digest, size: z.int().min(0), platform: platform.optional() });
const index = z.object({ mediaType: z.string().optional(), manifests: z.array(descriptor).max(1000) });
const manifest = z.object({ mediaType: z.string().optional(), config: descriptor, layers: z.array(descriptor).max(1000) });
const config = z.object({ os: z.string(), architecture: z.string() });

export interface Blob {
  /** Hex SHA-256. */
  readonly sha256: string;
  readonly size: number;
}

export interface WalkedImage {
  /** What is pinned, as index.json names it. */
  readonly root: Blob & { readonly mediaType: string };
  /** Each once: the root, the manifest, the configuration, layers. */
  readonly blobs: readonly Blob[];
}

/** Undefined where a blob is not at hand. */
export type ReadDocument = (sha256: string) => Uint8Array | undefined;

/**
 * @param read content of a blob whose digest was checked, or is checked elsewhere
 * @returns the blobs, or the digests that are not at hand and without which nothing more can be said
 * @throws FormatError for documents that are no image for that architecture
 */
export function walkImage(pinned: string, architecture: Architecture, read: ReadDocument): WalkedImage | { readonly missing: string } {
  const root = hexOf(pinned);
  const first = read(root);
  if (first === undefined) return { missing: root };
  const document = json(first, 'manifest');
  const isIndex = typeof document === 'object' && document !== null && 'manifests' in document;
  const top = isIndex ? parsed(index, document, 'index') : undefined;
  const chosen = top === undefined ? root : manifestFor(top.manifests, architecture);
  const content = top === undefined ? first : read(chosen);
  if (content === undefined) return { missing: chosen };
  const image = parsed(manifest, json(content, 'manifest'), 'manifest');
  const configuration = read(hexOf(image.config.digest));
  if (configuration === undefined) return { missing: hexOf(image.config.digest) };
  checkPlatform(parsed(config, json(configuration, 'configuration'), 'configuration'), architecture);
  const blobs = [
    { sha256: root, size: first.length },
    { sha256: chosen, size: content.length },
    ...[image.config, ...image.layers].map(one => ({ sha256: hexOf(one.digest), size: one.size })),
  ];
  const mediaType = (top ?? image).mediaType ?? DEFAULT_TYPES[top === undefined ? 'manifest' : 'index'];
  return {
    root: { sha256: root, size: first.length, mediaType },
    blobs: [...new Map(blobs.map(blob => [blob.sha256, blob])).values()],
  };
}

function manifestFor(manifests: z.infer<typeof index>['manifests'], architecture: Architecture): string {
  const found = manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === architecture);
  if (found === undefined) throw new FormatError('unsupported', `the image has nothing for linux/${architecture}`);
  return hexOf(found.digest);
}

function checkPlatform(found: z.infer<typeof config>, architecture: Architecture): void {
  if (found.os === 'linux' && found.architecture === architecture) return;
  throw new FormatError(
    'unsupported',
    `the image is for ${found.os.slice(0, 30)}/${found.architecture.slice(0, 30)}, not for linux/${architecture}`,
  );
}

export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}

function json(content: Uint8Array, what: string): unknown {
  if (content.length > MAX_DOCUMENT_BYTES) throw new FormatError('too-large', `the ${what} of the image is larger than any`);
  try {
    return JSON.parse(Buffer.from(content).toString('utf8'));
  } catch {
    throw new FormatError('damaged', `the ${what} of the image is not JSON`);
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FormatError('damaged', `the ${what} of the image is malformed at ${result.error.issues[0]?.path.join('.') || 'its root'}`);
}
