// The 512-byte header of a tar entry: POSIX.1-2024 pax(1), "ustar Interchange Format".
import { invariant } from '../bug.ts';
import { FormatError } from './format-error.ts';

export const BLOCK = 512;

/** Where a field stands: offset and length in bytes. */
const NAME = [0, 100] as const;
const MODE = [100, 8] as const;
const UID = [108, 8] as const;
const GID = [116, 8] as const;
const SIZE = [124, 12] as const;
const MTIME = [136, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
const MAGIC = [257, 8] as const;
const USER = [265, 32] as const;
const GROUP = [297, 32] as const;
const DEVICE_MAJOR = [329, 8] as const;
const DEVICE_MINOR = [337, 8] as const;
const PREFIX = [345, 155] as const;

type Field = readonly [offset: number, length: number];

export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  /** `0` a file, `5` a directory, `x` extended attributes of the next entry. */
  readonly type: string;
}

/** Bytes that fill the last block of an entry of this size. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** Splits a path into ustar's prefix and name; undefined when it does not fit, or is not ASCII. */
export function splitUstarPath(path: string): { prefix: string; name: string } | undefined {
  if (!/^[\x20-\x7e]*$/.test(path)) return undefined;
  if (path.length <= NAME[1]) return { prefix: '', name: path };
  const slash = path.indexOf('/', path.length - NAME[1] - 1);
  if (slash < 1 || slash > PREFIX[1]) return undefined;
  return { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** What all headers have in common: root:root, 1970. */
const COMMON = Buffer.alloc(BLOCK);
for (const field of [UID, GID, MTIME, DEVICE_MAJOR, DEVICE_MINOR]) writeOctal(COMMON, field, 0);
COMMON.write('ustar\x0000', MAGIC[0]);
COMMON.write('root', USER[0]);
COMMON.write('root', GROUP[0]);

/** A header of an entry that belongs to root:root and was last changed in 1970. */
export function encodeHeader({ name, prefix = '', mode, size, type }: TarHeader & { readonly prefix?: string }): Uint8Array {
  const block = Buffer.from(COMMON);
  invariant(Buffer.byteLength(name) <= NAME[1] && Buffer.byteLength(prefix) <= PREFIX[1], `tar: ${name} does not fit its field`);
  block.write(name, NAME[0]);
  block.write(prefix, PREFIX[0]);
  block.write(type, TYPE);
  writeOctal(block, MODE, mode);
  writeOctal(block, SIZE, size);
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, CHECKSUM[0]);
  return block;
}

function writeOctal(block: Buffer, [offset, length]: Field, value: number): void {
  const digits = value.toString(8).padStart(length - 1, '0');
  invariant(digits.length < length, `tar: ${value} does not fit its field`);
  block.write(digits, offset, 'latin1');
}

/** @throws FormatError for anything but a well-formed ustar or GNU header */
export function decodeHeader(block: Buffer): TarHeader {
  if (octalOf(block, CHECKSUM) !== checksum(block)) throw new FormatError('damaged', 'a tar header has a wrong checksum');
  const magic = block.toString('latin1', MAGIC[0], MAGIC[0] + MAGIC[1]);
  const posix = magic === 'ustar\x0000';
  if (!posix && magic !== 'ustar  \0') throw new FormatError('unsupported', 'a tar header of an unknown kind');
  for (const field of [UID, GID, MTIME]) octalOf(block, field);
  const prefix = posix ? stringOf(block, PREFIX) : '';
  const name = stringOf(block, NAME);
  const type = String.fromCharCode(block[TYPE] ?? 0);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: octalOf(block, MODE),
    size: octalOf(block, SIZE),
    type: type === '\0' ? '0' : type,
  };
}

/** Sum of all bytes, the checksum's own counted as spaces. */
function checksum(block: Uint8Array): number {
  const own = block.subarray(CHECKSUM[0], CHECKSUM[0] + CHECKSUM[1]);
  return sum(block) - sum(own) + CHECKSUM[1] * 0x20;
}

function sum(bytes: Uint8Array): number {
  let total = 0;
  // an iterator would take longer than everything else in a header
  for (let index = 0; index < bytes.length; index++) total += bytes[index] ?? 0;
  return total;
}

function octalOf(block: Buffer, [offset, length]: Field): number {
  const text = block.toString('latin1', offset, offset + length);
  // GNU tar pads with spaces and leaves unused fields empty; binary numbers (base-256) are for sizes that we refuse anyway.
  const digits = /^ *([0-7]*)[ \0]*$/.exec(text)?.[1];
  if (digits === undefined) throw new FormatError('damaged', 'a tar header holds something that is not a number');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function stringOf(block: Buffer, [offset, length]: Field): string {
  const end = block.indexOf(0, offset);
  const text = block.toString('utf8', offset, end < 0 || end > offset + length ? offset + length : end);
  return text;
}
