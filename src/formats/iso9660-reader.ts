// A reader of ISO 9660 for images that somebody hands to us: files and directories by their Rock Ridge, Joliet or plain names, nothing else,
// or a named error. Contents are views into the given buffer; every walk is bounded.
import { EntryPaths } from './entry-path.ts';
import { FormatError } from './format-error.ts';
import {
  DESCRIPTOR,
  FIRST_DESCRIPTOR,
  FLAG_ASSOCIATED,
  FLAG_DIRECTORY,
  FLAG_MORE_EXTENTS,
  LABEL_BYTES,
  RECORD,
  SECTOR,
  STANDARD_ID,
  sectorsOf,
  VOLUME,
} from './iso9660-layout.ts';
import { findSuspSkip, readRockRidge } from './iso9660-rock-ridge.ts';

/** Whose names are read: Rock Ridge's, Joliet's, or those of ISO 9660 itself. */
export type IsoTree = 'rock-ridge' | 'joliet' | 'plain';

export interface IsoEntry {
  /** Relative path with `/`. */
  readonly path: string;
  /** Permission bits; only Rock Ridge has them. */
  readonly mode?: number;
  readonly content: Uint8Array;
}

export interface IsoImage {
  readonly label: string;
  readonly tree: IsoTree;
  readonly files: readonly IsoEntry[];
}

interface Walk {
  readonly image: Buffer;
  readonly tree: IsoTree;
  readonly skip: number;
  readonly paths: EntryPaths;
  readonly files: IsoEntry[];
  readonly directories: Set<number>;
  records: number;
}

const MAX_DESCRIPTORS = 32;
const MAX_RECORDS = 10_000;
const MAX_DIRECTORY_BYTES = 1024 * 1024;
const MAX_DEPTH = 8;

/** True when a primary volume descriptor stands where ISO 9660 wants it. */
export function isIso(bytes: Uint8Array): boolean {
  const start = FIRST_DESCRIPTOR * SECTOR + 1;
  return Buffer.from(bytes.subarray(start, start + STANDARD_ID.length)).toString('latin1') === STANDARD_ID;
}

/**
 * Reads an image.
 * @param tree which names to read; by default the first of Rock Ridge, Joliet and plain ones that is there, as Linux chooses
 * @throws FormatError, also when the wanted tree is not there
 */
export function readIso(bytes: Uint8Array, tree?: IsoTree): IsoImage {
  const image = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { primary, joliet } = volumeDescriptors(image);
  if (both32(primary, VOLUME.spaceSize) * SECTOR > image.length) throw new FormatError('truncated', 'the ISO image ends too early');
  if (both16(primary, VOLUME.blockSize) !== SECTOR)
    throw new FormatError('unsupported', 'an ISO image with blocks of another size than 2048');
  const skip = findSuspSkip(image, extentOf(image, primary, VOLUME.rootRecord));
  const chosen = tree ?? (skip !== undefined ? 'rock-ridge' : joliet ? 'joliet' : 'plain');
  const volume = chosen === 'joliet' ? joliet : primary;
  if (!volume || (chosen === 'rock-ridge' && skip === undefined))
    throw new FormatError('unsupported', `the ISO image has no ${chosen} names`);

  const walk: Walk = { image, tree: chosen, skip: skip ?? 0, paths: new EntryPaths(), files: [], directories: new Set(), records: 0 };
  readDirectory(walk, volume, VOLUME.rootRecord, '', 0);
  const label = primary.toString('latin1', VOLUME.label, VOLUME.label + LABEL_BYTES).trimEnd();
  return { label, tree: chosen, files: walk.files };
}

function volumeDescriptors(image: Buffer): { primary: Buffer; joliet?: Buffer } {
  let primary: Buffer | undefined;
  let joliet: Buffer | undefined;
  for (let index = FIRST_DESCRIPTOR; index < FIRST_DESCRIPTOR + MAX_DESCRIPTORS; index++) {
    const descriptor = slice(image, index * SECTOR, SECTOR);
    if (descriptor.toString('latin1', 1, 1 + STANDARD_ID.length) !== STANDARD_ID)
      throw new FormatError('damaged', 'a volume descriptor of the ISO image is damaged');
    if (descriptor[0] === DESCRIPTOR.terminator) {
      if (!primary) throw new FormatError('damaged', 'the ISO image has no primary volume descriptor');
      return { primary, ...(joliet && { joliet }) };
    }
    if (descriptor[0] === DESCRIPTOR.primary) primary ??= descriptor;
    const encoding = descriptor.toString('latin1', VOLUME.escapes, VOLUME.escapes + 3);
    if (descriptor[0] === DESCRIPTOR.supplementary && ['%/@', '%/C', '%/E'].includes(encoding)) joliet ??= descriptor;
  }
  throw new FormatError('damaged', 'the list of volume descriptors of the ISO image has no end');
}

function readDirectory(walk: Walk, holder: Buffer, recordAt: number, parent: string, depth: number): void {
  const content = extentOf(walk.image, holder, recordAt);
  if (content.length > MAX_DIRECTORY_BYTES) throw new FormatError('too-large', 'a directory of the ISO image is too large');
  if (depth > MAX_DEPTH) throw new FormatError('too-large', 'the directories of the ISO image are too deep');
  if (walk.directories.has(content.byteOffset)) throw new FormatError('unsafe', 'a directory of the ISO image contains itself');
  walk.directories.add(content.byteOffset);
  for (let at = 0; at < content.length; ) {
    const length = content[at] ?? 0;
    if (length === 0) {
      at = sectorsOf(at + 1) * SECTOR;
      continue;
    }
    const record = slice(content, at, length);
    at += length;
    if (++walk.records > MAX_RECORDS) throw new FormatError('too-large', `more than ${MAX_RECORDS} entries in the ISO image`);
    readRecord(walk, record, parent, depth);
  }
}

function readRecord(walk: Walk, record: Buffer, parent: string, depth: number): void {
  const nameLength = record[RECORD.nameLength] ?? 0;
  const name = slice(record, RECORD.name, nameLength);
  if (nameLength === 1 && (name[0] === 0 || name[0] === 1)) return;
  const flags = record[RECORD.flags] ?? 0;
  const interleaved = record[RECORD.unitSize] !== 0 || record[RECORD.gapSize] !== 0;
  if (flags & (FLAG_ASSOCIATED | FLAG_MORE_EXTENTS) || interleaved || record[RECORD.attributes] !== 0)
    throw new FormatError('unsupported', 'the ISO image holds a file in several extents, or an associated one');

  const fields = walk.tree === 'rock-ridge' ? readRockRidge(walk.image, record, walk.skip) : undefined;
  const element = fields?.name ?? plainName(name, walk.tree);
  if (element.includes('/'))
    throw new FormatError('unsafe', `the name ${JSON.stringify(element.slice(0, 200))} in the ISO image has a slash`);
  const path = parent === '' ? element : `${parent}/${element}`;
  const directory = (flags & FLAG_DIRECTORY) !== 0;
  if (fields?.directory !== undefined && fields.directory !== directory)
    throw new FormatError('unsafe', `${JSON.stringify(path.slice(0, 200))} in the ISO image is a file and a directory`);
  walk.paths.add(path, directory ? 'directory' : 'file');
  if (directory) readDirectory(walk, record, 0, path, depth + 1);
  else walk.files.push({ path, ...(fields?.mode !== undefined && { mode: fields.mode }), content: extentOf(walk.image, record, 0) });
}

/** Without the version that ISO 9660 appends: `USER_DAT.;1` is `USER_DAT`. */
function plainName(name: Buffer, tree: IsoTree): string {
  if (tree === 'joliet' && name.length % 2 === 1) throw new FormatError('damaged', 'a Joliet name of an odd length');
  const text = tree === 'joliet' ? Buffer.from(name).swap16().toString('utf16le') : name.toString('latin1');
  const withoutVersion = text.replace(/;[0-9]+$/, '');
  return tree === 'plain' ? withoutVersion.replace(/\.$/, '') : withoutVersion;
}

function extentOf(image: Buffer, holder: Buffer, recordAt: number): Buffer {
  const record = slice(holder, recordAt, RECORD.name);
  const size = both32(record, RECORD.size);
  return slice(image, size === 0 ? 0 : both32(record, RECORD.extent) * SECTOR, size);
}

function both32(bytes: Buffer, offset: number): number {
  const value = slice(bytes, offset, 8).readUInt32LE(0);
  if (value !== bytes.readUInt32BE(offset + 4))
    throw new FormatError('damaged', 'a number in the ISO image differs between its two byte orders');
  return value;
}

function both16(bytes: Buffer, offset: number): number {
  const value = slice(bytes, offset, 4).readUInt16LE(0);
  if (value !== bytes.readUInt16BE(offset + 2))
    throw new FormatError('damaged', 'a number in the ISO image differs between its two byte orders');
  return value;
}

function slice(bytes: Buffer, offset: number, length: number): Buffer {
  if (offset + length > bytes.length) throw new FormatError('truncated', 'the ISO image ends too early');
  return bytes.subarray(offset, offset + length);
}
