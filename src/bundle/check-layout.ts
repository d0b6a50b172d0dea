// An image of a bundle, as its decoded tar comes by: every blob is what its name says, and they are one whole image, that of the index line.

import { observed, tally } from '../formats/byte-stream.ts';
import { FormatError } from '../formats/format-error.ts';
import type { ImageEntry } from './bundle-index.ts';
import { byteReader } from './byte-reader.ts';
import { BLOB_DIRECTORY, LAYOUT_CONTENT, LAYOUT_FILE, LAYOUT_INDEX, layoutIndex } from './image-layout.ts';
import { checkTarEnd, readTarStream, type TarEntry } from './tar-stream.ts';
import { MAX_DOCUMENT_BYTES, walkImage } from './walk-image.ts';

/** Index, manifest and configuration of an image, and small layers that look like one. */
const MAX_KEPT_BYTES = 8 * MAX_DOCUMENT_BYTES;

/** Reads all of `decoded`. @throws FormatError */
export async function checkLayout(decoded: AsyncIterable<Uint8Array>, { name, architecture, digest }: ImageEntry): Promise<void> {
  const blobs = new Map<string, number>();
  const kept = new Map<string, Uint8Array>();
  let keptBytes = 0;
  const reader = byteReader(decoded);
  for await (const entry of readTarStream(reader)) {
    const { content, isDocument, sha256 } = await readEntry(entry);
    if (isDocument) {
      kept.set(entry.path, content);
      keptBytes += content.length;
      if (keptBytes > MAX_KEPT_BYTES) throw new FormatError('too-large', 'the documents of the image are larger than any');
    }
    if (entry.path === LAYOUT_FILE || entry.path === LAYOUT_INDEX) continue;
    if (entry.path !== BLOB_DIRECTORY + sha256)
      throw new FormatError('damaged', `${entry.path} is not what its name says, or has no place in an image`);
    blobs.set(sha256, entry.size);
  }
  await checkTarEnd(reader);
  const text = (path: string) => Buffer.from(kept.get(path) ?? []).toString('utf8');
  if (text(LAYOUT_FILE) !== LAYOUT_CONTENT) throw new FormatError('damaged', `its ${LAYOUT_FILE} is missing, or another`);
  const image = walkImage(digest, architecture, sha256 => kept.get(BLOB_DIRECTORY + sha256));
  if ('missing' in image) throw new FormatError('damaged', `the image lacks its blob sha256:${image.missing}`);
  for (const { sha256, size } of image.blobs) {
    if (!blobs.has(sha256)) throw new FormatError('damaged', `the image lacks its blob sha256:${sha256}`);
    if (blobs.get(sha256) !== size) throw new FormatError('damaged', `the blob sha256:${sha256} has another size than its manifest says`);
    blobs.delete(sha256);
  }
  const [superfluous] = blobs.keys();
  if (superfluous !== undefined) throw new FormatError('damaged', `the blob sha256:${superfluous} does not belong to the image`);
  if (text(LAYOUT_INDEX) !== layoutIndex(name, image))
    throw new FormatError('damaged', `its ${LAYOUT_INDEX} names another image than ${name}`);
}

async function readEntry(
  entry: TarEntry,
): Promise<{ readonly content: Uint8Array; readonly isDocument: boolean; readonly sha256: string }> {
  const seen = tally();
  const chunks: Uint8Array[] = [];
  let isDocument = entry.size <= MAX_DOCUMENT_BYTES;
  for await (const chunk of observed(entry.content(), seen.look)) {
    // layers are gzip, zstd or tar
    if (chunks.length === 0 && chunk[0] !== 0x7b) isDocument = false;
    if (isDocument) chunks.push(chunk);
  }
  return { content: Buffer.concat(chunks), isDocument, sha256: seen.sha256() };
}
