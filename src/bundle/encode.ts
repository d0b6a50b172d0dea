// Members in their encodings. zstd is the program of that name: the oldest Node that kubekiln runs on has none.
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { FormatError } from '../formats/format-error.ts';
import { GZIP_BLOCKS, gzipBlocks } from '../formats/gzip-blocks.ts';
import type { Encoding } from './bundle-index.ts';

type Bytes = AsyncIterable<Uint8Array>;

export function encode(source: Bytes, encoding: Encoding): Bytes {
  if (encoding === 'gz') return gzipBlocks(source);
  return encoding === 'zst' ? zstd(['-c', `-T${availableParallelism()}`], source) : source;
}

/** What the encoded bytes depend on beside the content, for whoever makes the bundle again. */
export function encoderName(encoding: Encoding): string {
  if (encoding === 'gz')
    return `gzip in blocks of ${GZIP_BLOCKS.blockBytes} bytes, level ${GZIP_BLOCKS.level}, zlib ${process.versions.zlib}`;
  return encoding === 'zst' ? `zstd ${zstdVersion() ?? 'unknown'}, level 3` : 'none';
}

/** Undefined where the program is not installed. */
export function zstdVersion(): string | undefined {
  const { stdout } = spawnSync('zstd', ['--version'], { encoding: 'utf8' });
  return /v([0-9][0-9.]*)/.exec(stdout ?? '')?.[1];
}

/**
 * @param stored bytes that `source` has
 * @throws FormatError for data that is damaged, or followed by more
 */
export async function* decode(source: Bytes, encoding: Encoding, stored: number): AsyncGenerator<Uint8Array> {
  if (encoding === '-') yield* source;
  else if (encoding === 'zst') yield* zstd(['-d', '-c'], source);
  else yield* gunzip(source, stored);
}

async function* gunzip(source: Bytes, stored: number): AsyncGenerator<Uint8Array> {
  const decoder = createGunzip({ chunkSize: 256 * 1024 });
  const input = Readable.from(source, { objectMode: false });
  input.on('error', error => decoder.destroy(error));
  try {
    for await (const chunk of input.pipe(decoder)) yield chunk;
  } catch (error) {
    if (!isZlibError(error)) throw error;
    throw new FormatError(error.code === 'Z_BUF_ERROR' ? 'truncated' : 'damaged', 'its gzip data is damaged');
  } finally {
    input.destroy();
    decoder.destroy();
  }
  // Node passes over zeros behind the end.
  if (decoder.bytesWritten !== stored) throw new FormatError('damaged', 'there is more behind the end of its gzip data');
}

function isZlibError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && /^Z_|^ERR_(ZLIB|TRAILING)/.test(String(error.code));
}

/** @throws FormatError */
async function* zstd(words: readonly string[], source: Bytes): AsyncGenerator<Uint8Array> {
  if (zstdVersion() === undefined)
    throw new FormatError('unsupported', 'it is compressed by zstd, and no program of that name is installed');
  const child = spawn('zstd', ['-q', ...words], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  let broken: unknown;
  const fed = pipeline(Readable.from(source, { objectMode: false }), child.stdin).catch(error => {
    // its own end says why it stopped reading
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) broken = error;
    child.kill();
  });
  ended.catch(() => undefined);
  try {
    yield* child.stdout;
    await fed;
    const status = await ended;
    if (broken !== undefined) throw broken;
    if (status !== 0) throw new FormatError('damaged', 'zstd cannot read its data');
  } finally {
    child.kill();
  }
}
