// An image as `docker save` writes it: a configuration and layers without a manifest. The layers are stored as they are, and a manifest is made for
// them, the same for the same archive.
import { createHash } from 'node:crypto';
import type { ArchiveFile } from './archive-file.ts';
import type { SavedImage } from './archive-images.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { type Descriptor, invalid, MAX_DOCUMENT_BYTES, MEDIA, parseConfig } from './image-documents.ts';
import { keepBytes, keepStream, rejectBytes } from './keep-blob.ts';
import { gunzipped } from './unpack-archive.ts';
import { hexOf, type ImageSource } from './walk-image.ts';

/** Everything is in the store afterwards. @throws DownloadError, FormatError, system errors of the store */
export async function savedImage(
  archive: ArchiveFile,
  { Config: configPath, Layers: layerPaths }: SavedImage,
  store: ArtifactStore,
): Promise<{ readonly digest: string; readonly source: ImageSource }> {
  const bytes = archive.read(configPath, MAX_DOCUMENT_BYTES);
  const { rootfs } = parseConfig(bytes);
  const named = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(configPath)?.[1];
  if (named !== undefined && createHash('sha256').update(bytes).digest('hex') !== named)
    throw rejectBytes(store, bytes, named, 'config.json');
  if (rootfs.diff_ids.length !== layerPaths.length)
    throw invalid(`it has ${layerPaths.length} layers, its configuration says ${rootfs.diff_ids.length}`);
  const config: Descriptor = { mediaType: MEDIA.config, digest: `sha256:${keepBytes(store, bytes)}`, size: bytes.length };
  const layers: Descriptor[] = [];
  for (const [index, path] of layerPaths.entries()) layers.push(await keepLayer(archive, path, hexOf(rootfs.diff_ids[index] ?? ''), store));
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.manifest, config, layers }));
  return { digest: `sha256:${keepBytes(store, manifest)}`, source: { document: async () => undefined, blob: async () => undefined } };
}

/** Some tools put compressed layers in: then the configuration has the digest of what they unpack to. */
async function keepLayer(archive: ArchiveFile, path: string, diffId: string, store: ArtifactStore): Promise<Descriptor> {
  const size = archive.entries.get(path)?.size ?? 0;
  if (store.has(diffId)) return { mediaType: MEDIA.layer, digest: `sha256:${diffId}`, size };
  const body = archive.stream(path);
  const head = await firstBytes(body);
  if (head !== '1f8b') {
    await keepStream(store, archive.stream(path), diffId, 'layer.tar');
    return { mediaType: MEDIA.layer, digest: `sha256:${diffId}`, size };
  }
  const { sha256 } = await keepStream(store, archive.stream(path), undefined, 'layer.tar.gz');
  const hash = createHash('sha256');
  for await (const chunk of gunzipped(store.pathOf(sha256))) hash.update(chunk);
  const unpacked = hash.digest('hex');
  if (unpacked !== diffId) throw invalid(`its layer ${path} unpacks to ${unpacked}, not ${diffId}`);
  return { mediaType: `${MEDIA.layer}+gzip`, digest: `sha256:${sha256}`, size };
}

async function firstBytes(body: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const chunk of body) return Buffer.from(chunk.subarray(0, 2)).toString('hex');
  return '';
}
