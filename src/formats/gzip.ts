// gzip (RFC 1952) with the same bytes everywhere.
import { crc32, gunzipSync } from 'node:zlib';
import { deflate, type Effort } from './deflate.ts';
import { FormatError } from './format-error.ts';

const MAGIC = [0x1f, 0x8b];
const DEFLATE = 8;
const NO_FLAGS = 0;
const SLOWEST = 2;
const UNKNOWN_SYSTEM = 255;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** zlib is called for each chunk of output: most files of ours come in one. */
const SMALLEST_CHUNK = 1024;
const LARGEST_CHUNK = 2 ** 18;

/** Compresses into one gzip member without name or time: a function of the bytes and the effort alone. */
export function gzip(bytes: Uint8Array, effort: Effort = 'quick'): Uint8Array {
  const body = deflate(bytes, effort);
  const member = Buffer.alloc(HEADER_BYTES + body.length + TRAILER_BYTES);
  member.set([...MAGIC, DEFLATE, NO_FLAGS, 0, 0, 0, 0, effort === 'smallest' ? SLOWEST : 0, UNKNOWN_SYSTEM]);
  member.set(body, HEADER_BYTES);
  member.writeUInt32LE(crc32(bytes), HEADER_BYTES + body.length);
  member.writeUInt32LE(bytes.length % 2 ** 32, HEADER_BYTES + body.length + 4);
  return member;
}

/** True when the bytes begin as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === MAGIC[0] && bytes[1] === MAGIC[1];
}

/**
 * Decompresses a gzip file of exactly one member.
 * @param limit largest accepted result in bytes; no more than that is ever held
 * @throws FormatError
 */
export function gunzip(bytes: Uint8Array, limit: number): Uint8Array {
  const content = inflate(bytes, limit);
  // Node ignores what follows the last member and joins several; the trailer of a single one stands at the very end.
  const trailer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(-TRAILER_BYTES);
  if (trailer.readUInt32LE(0) !== crc32(content) || trailer.readUInt32LE(4) !== content.length % 2 ** 32)
    throw new FormatError('damaged', 'there is more behind the end of the gzip data');
  return content;
}

function inflate(bytes: Uint8Array, limit: number): Uint8Array {
  if (!isGzip(bytes)) throw new FormatError('damaged', 'not gzip data');
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.max(limit, 1), chunkSize: Math.min(Math.max(limit, SMALLEST_CHUNK), LARGEST_CHUNK) });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new FormatError('too-large', `more than ${limit} bytes after decompression`);
    if (code === 'Z_BUF_ERROR') throw new FormatError('truncated', 'the gzip data ends too early');
    if (code === 'Z_DATA_ERROR' || code === 'Z_NEED_DICT') throw new FormatError('damaged', 'the gzip data is damaged');
    throw error;
  }
}
