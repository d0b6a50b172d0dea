// Indexes, manifests and configurations of images, as registries and archives give them: checked before anything believes them.
// https://github.com/opencontainers/image-spec, https://distribution.github.io/distribution/spec/manifest-v2-2/
import '../formats/zod-settings.ts';
import * as z from 'zod';
import { DownloadError } from './download-error.ts';

export const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

const INDEXES: readonly string[] = [MEDIA.index, MEDIA.dockerIndex];
const MANIFESTS: readonly string[] = [MEDIA.manifest, MEDIA.dockerManifest];
const CONFIGS: readonly string[] = [MEDIA.config, 'application/vnd.docker.container.image.v1+json'];
const LAYERS: readonly string[] = [
  MEDIA.layer,
  `${MEDIA.layer}+gzip`,
  `${MEDIA.layer}+zstd`,
  'application/vnd.docker.image.rootfs.diff.tar',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
];

/** Accept of a request for a manifest. */
export const ACCEPT = [...INDEXES, ...MANIFESTS].join(', ');
/** What containerd takes: https://github.com/opencontainers/distribution-spec asks registries for 4 MiB at least. */
export const MAX_DOCUMENT_BYTES = 4 * 2 ** 20;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const platform = z.object({ architecture: z.string(), os: z.string(), variant: z.string().optional() });
const descriptor = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().min(0),
  platform: platform.optional(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
const index = z.object({ schemaVersion: z.literal(2), mediaType: z.string().optional(), manifests: z.array(descriptor).max(1000) });
const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).max(1000),
});
const config = z.object({ architecture: z.string(), os: z.string(), rootfs: z.object({ diff_ids: z.array(digest) }) });

export type Descriptor = z.infer<typeof descriptor>;
export type ImageIndex = z.infer<typeof index> & { readonly kind: 'index' };
export type ImageManifest = z.infer<typeof manifest> & { readonly kind: 'manifest' };
export type ImageConfiguration = z.infer<typeof config>;

/** @param contentType what the registry called it, where it has no word for itself. @throws DownloadError `image-invalid` */
export function parseDocument(bytes: Uint8Array, contentType?: string): ImageIndex | ImageManifest {
  const value = parseJson(bytes, 'manifest');
  if (typeof value !== 'object' || value === null || ('manifests' in value && ('layers' in value || 'config' in value)))
    throw invalid('what should be its manifest is none, or two things at once');
  const own = 'mediaType' in value && typeof value.mediaType === 'string' ? value.mediaType : undefined;
  const type = own ?? contentType?.split(';')[0]?.trim() ?? ('manifests' in value ? MEDIA.index : MEDIA.manifest);
  if (INDEXES.includes(type)) return { ...parsed(index, value, 'index'), kind: 'index' };
  if (!MANIFESTS.includes(type))
    throw invalid(`its manifest has the media type ${JSON.stringify(type.slice(0, 100))}, which kubekiln does not read`);
  const read = parsed(manifest, value, 'manifest');
  checkTypes([read.config], CONFIGS);
  checkTypes(read.layers, LAYERS);
  return { ...read, kind: 'manifest' };
}

/** @throws DownloadError `image-invalid` */
export function parseConfig(bytes: Uint8Array): ImageConfiguration {
  return parsed(config, parseJson(bytes, 'configuration'), 'configuration');
}

/** @throws DownloadError `image-invalid` */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw invalid(`its ${what} is not JSON`);
  }
}

export function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.join('.') ?? '';
  throw invalid(`its ${what} is malformed${path === '' ? '' : ` at ${path}`}`);
}

function checkTypes(descriptors: readonly Descriptor[], allowed: readonly string[]): void {
  const strange = descriptors.find(({ mediaType }) => !allowed.includes(mediaType));
  if (strange) throw invalid(`it holds a ${JSON.stringify(strange.mediaType.slice(0, 100))}, which no node can unpack`);
}

export function invalid(message: string): DownloadError {
  return new DownloadError(message, true, { code: 'image-invalid' });
}
