// Members in their encodings. zstd is the program of that name: the oldest Node that kubekiln runs on has none.
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { sizedChunks } from '../formats/byte-stream.ts';
import { FormatError } from '../formats/format-error.ts';
import { GZIP_BLOCKS, gzipBlocks } from '../formats/gzip-blocks.ts';
import type { Encoding } from './bundle-index.ts';

type Bytes = AsyncIterable<Uint8Array>;

const CHUNK_BYTES = 1024 * 1024;
/** With its digests as fast as `zstd -T2` alone, which has level 3; the bundle is 7 % larger. Its own checksum would be a third one of every byte. */
const ZSTD_SETTINGS = ['-1', '--no-check'];

export function encode(source: Bytes, encoding: Exclude<Encoding, 'zst'>): Bytes {
  return encoding === 'gz' ? gzipBlocks(source) : source;
}

/**
 * Appends bytes, compressed by zstd, to an open file. The program writes there itself, and reads a file itself: pipes would cost a third of the time.
 * @param source the bytes, or the path of a file that holds them
 * @param descriptor opened for appending
 * @throws CompressorError, and what `source` throws
 */
export async function appendZstd(source: Bytes | string, descriptor: number): Promise<void> {
  const isFile = typeof source === 'string';
  const words = [
    '-q',
    '-c',
    ...ZSTD_SETTINGS,
    ...withoutThreadsOfItsOwn(),
    `-T${availableParallelism()}`,
    ...(isFile ? ['--', source] : []),
  ];
  const child = spawn('zstd', words, { stdio: [isFile ? 'ignore' : 'pipe', descriptor, 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  const said = child.stderr === null ? '' : text(child.stderr);
  try {
    const [status] = await Promise.all([ended, isFile || child.stdin === null ? undefined : feed(child.stdin, source)]);
    if (status !== 0) throw new CompressorError(`zstd failed (${status ?? child.signalCode}): ${(await said).trim()}`);
  } finally {
    child.kill();
  }
}

/** Files of a page cache need no threads to be read and written: they take a processor from those that compress. The bytes are the same. */
function withoutThreadsOfItsOwn(): readonly string[] {
  const has = (zstdVersion() ?? '').localeCompare('1.5.3', 'en', { numeric: true }) >= 0;
  return has ? ['--no-asyncio'] : [];
}

/** The compressor did not do its work; the file to which it appends may be the reason. */
export class CompressorError extends Error {
  override readonly name = 'CompressorError';
}

async function feed(input: Writable, source: Bytes): Promise<void> {
  try {
    await pipeline(Readable.from(source, { objectMode: false }), input);
  } catch (error) {
    // its own end says why it stopped reading
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

/** What the encoded bytes depend on beside the content, for whoever makes the bundle again. */
export function encoderName(encoding: Encoding): string {
  if (encoding === 'gz')
    return `gzip in blocks of ${GZIP_BLOCKS.blockBytes} bytes, level ${GZIP_BLOCKS.level}, zlib ${process.versions.zlib}`;
  return encoding === 'zst' ? `zstd ${zstdVersion() ?? 'unknown'}, ${ZSTD_SETTINGS.join(' ')}` : 'none';
}

/** Undefined where the program is not installed. */
export function zstdVersion(): string | undefined {
  known ??= { version: /v([0-9][0-9.]*)/.exec(spawnSync('zstd', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] };
  return known.version;
}

/** A start of a program is a good part of what a small bundle takes. */
let known: { readonly version: string | undefined } | undefined;

/**
 * @param stored bytes that `source` has
 * @throws FormatError for data that is damaged, or followed by more
 */
export async function* decode(source: Bytes, encoding: Encoding, stored: number): AsyncGenerator<Uint8Array> {
  if (encoding === '-') yield* source;
  else if (encoding === 'zst') yield* unzstd(source);
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
async function* unzstd(source: Bytes): AsyncGenerator<Uint8Array> {
  if (zstdVersion() === undefined)
    throw new FormatError('unsupported', 'it is compressed by zstd, and no program of that name is installed');
  const child = spawn('zstd', ['-q', '-d', '-c'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  let broken: unknown;
  const fed = feed(child.stdin, source).catch(error => {
    broken = error;
    child.kill();
  });
  ended.catch(() => undefined);
  try {
    // a pipe gives 64 KiB at a time: too many writes
    yield* sizedChunks(child.stdout, CHUNK_BYTES);
    await fed;
    const status = await ended;
    if (broken !== undefined) throw broken;
    if (status !== 0) throw new FormatError('damaged', 'zstd cannot read its data');
  } finally {
    child.kill();
  }
}
