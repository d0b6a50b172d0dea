import { createReadStream, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { FormatError } from '../formats/format-error.ts';
import { randomHex } from '../random.ts';
import { undoWhenInterrupted } from '../write/cleanup.ts';
import { type ArtifactStore, PASSING_PREFIX } from './artifact-store.ts';
import { writeAll } from './keep-blob.ts';

/** Of what a compressed archive may unpack to: no set of images comes near it. */
const MAX_UNPACKED_BYTES = 64 * 2 ** 30;
/** Images compress to a third. What unpacks to much more, beyond the first bytes, is made to fill disks. */
const MAX_RATIO = 100;
const RATIO_COUNTS_FROM = 128 * 2 ** 20;
const OTHER_FORMATS: readonly (readonly [magic: string, name: string, command: string])[] = [
  ['28b52ffd', 'zstd', 'zstd -d'],
  ['fd377a58', 'xz', 'xz -d'],
  ['425a68', 'bzip2', 'bzip2 -d'],
];

/**
 * Hands `use` the path of an archive without compression: its own, or that of a copy which is gone afterwards.
 * @throws FormatError, system errors
 */
export async function withUnpacked<T>(store: ArtifactStore, path: string, use: (unpacked: string) => Promise<T>): Promise<T> {
  const head = await headOf(path);
  const other = OTHER_FORMATS.find(([magic]) => head.startsWith(magic));
  if (other) throw new FormatError('unsupported', `it is compressed with ${other[1]}: unpack it first (${other[2]})`);
  if (!head.startsWith('1f8b')) return use(path);
  const copy = store.partialOf(PASSING_PREFIX + randomHex(8));
  const remove = () => rmSync(copy, { force: true });
  const done = undoWhenInterrupted(remove);
  try {
    const file = await open(copy, 'wx', 0o600);
    try {
      for await (const chunk of gunzipped(path)) await writeAll(file, chunk, copy);
    } finally {
      await file.close();
    }
    return await use(copy);
  } finally {
    remove();
    done();
  }
}

/** The content of a gzip file. @throws FormatError for a damaged one, or one that unpacks without measure */
export async function* gunzipped(path: string): AsyncIterable<Uint8Array> {
  const source = createReadStream(path);
  const gunzip = createGunzip();
  source.on('error', error => gunzip.destroy(error));
  let size = 0;
  try {
    for await (const chunk of source.pipe(gunzip) as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > MAX_UNPACKED_BYTES || (size > RATIO_COUNTS_FROM && size > MAX_RATIO * source.bytesRead))
        throw new FormatError(
          'too-large',
          `it unpacks to more than ${size > MAX_UNPACKED_BYTES ? 'any image has' : `${MAX_RATIO} times its size`}`,
        );
      yield chunk;
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^Z_|^ERR_/.test(String(error.code)))
      throw new FormatError(error.code === 'Z_BUF_ERROR' ? 'truncated' : 'damaged', `its compression is damaged: ${error.message}`);
    throw error;
  } finally {
    source.destroy();
  }
}

async function headOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('hex', 0, bytesRead);
  } finally {
    await file.close();
  }
}
