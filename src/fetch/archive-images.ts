// The images of an archive, by their names: an OCI image layout, or what `docker save` writes.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md, https://docs.docker.com/reference/cli/docker/image/save/
import { createHash } from 'node:crypto';
import '../formats/zod-settings.ts';
import * as z from 'zod';
import { FormatError } from '../formats/format-error.ts';
import type { ArchiveFile } from './archive-file.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';
import { MAX_DOCUMENT_BYTES, parseDocument, parsed, parseJson } from './image-documents.ts';
import { canonicalImage } from './image-reference.ts';
import { keepBytes, keepStream, rejectBytes } from './keep-blob.ts';
import { savedImage } from './saved-image.ts';
import { hexOf, type ImageSource, lyingSize } from './walk-image.ts';

export interface ArchiveImage {
  /** Canonical: `docker.io/library/nginx:1`. */
  readonly names: readonly string[];
  /** Where the archive says so itself: `sha256:…` */
  readonly digest?: string;
  /** @returns the digest of the image, and where its blobs are. @throws DownloadError, FormatError, system errors of the store */
  open(): Promise<{ readonly digest: string; readonly source: ImageSource }>;
}

const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'];
const saved = z
  .array(z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()).max(1000) }))
  .max(10_000);
export type SavedImage = z.infer<typeof saved>[number];

/** @throws DownloadError, FormatError */
export function imagesOf(archive: ArchiveFile, store: ArtifactStore): readonly ArchiveImage[] {
  if (archive.entries.has('index.json') && archive.entries.has('oci-layout')) return layoutImages(archive, store);
  if (!archive.entries.has('manifest.json'))
    throw new FormatError('unsupported', 'it is neither an OCI image layout (index.json) nor an archive of docker save (manifest.json)');
  const images = parsed(saved, parseJson(archive.read('manifest.json', MAX_DOCUMENT_BYTES), 'manifest.json'), 'manifest.json');
  return images.map(image => ({ names: canonical(image.RepoTags ?? []), open: () => savedImage(archive, image, store) }));
}

function layoutImages(archive: ArchiveFile, store: ArtifactStore): readonly ArchiveImage[] {
  const index = parseDocument(archive.read('index.json', MAX_DOCUMENT_BYTES));
  if (index.kind !== 'index') throw new FormatError('damaged', 'its index.json is no index');
  const source = layoutSource(archive, store);
  return index.manifests.map(({ digest, size, annotations }) => ({
    names: canonical(NAME_ANNOTATIONS.flatMap(key => annotations?.[key] ?? [])),
    digest,
    open: async () => {
      await source.document(digest, size);
      return { digest, source };
    },
  }));
}

function layoutSource(archive: ArchiveFile, store: ArtifactStore): ImageSource {
  const sizeOf = (path: string): number => {
    const entry = archive.entries.get(path);
    if (entry) return entry.size;
    throw new DownloadError(`the archive lacks ${path}`, true, { code: 'image-not-found' });
  };
  return {
    async document(digest, size) {
      if (store.has(hexOf(digest))) return;
      const path = blobPath(digest);
      const actual = sizeOf(path);
      if (size !== undefined && actual !== size) throw lyingSize({ mediaType: '', digest, size }, actual);
      const bytes = archive.read(path, MAX_DOCUMENT_BYTES);
      if (createHash('sha256').update(bytes).digest('hex') !== hexOf(digest))
        throw rejectBytes(store, bytes, hexOf(digest), 'manifest.json');
      keepBytes(store, bytes);
    },
    async blob(descriptor) {
      const { digest, size } = descriptor;
      if (store.has(hexOf(digest))) return;
      const path = blobPath(digest);
      const actual = sizeOf(path);
      if (actual !== size) throw lyingSize(descriptor, actual);
      await keepStream(store, archive.stream(path), hexOf(digest), 'blob');
    },
  };
}

/** A tag alone (`1.2`) names no image. */
function canonical(names: readonly string[]): readonly string[] {
  return names.filter(name => /[/:]/.test(name)).flatMap(name => canonicalImage(name) ?? []);
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}
