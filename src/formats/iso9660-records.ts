// Directory records, with and without Rock Ridge's fields in their system use area.
import { invariant } from '../bug.ts';
import { FLAG_DIRECTORY, MODE_DIRECTORY, MODE_REGULAR, RECORD, SECTOR, sectorsOf, writeBoth16, writeBoth32 } from './iso9660-layout.ts';

/** 1970-01-01 00:00:00 UTC in seven bytes (ECMA-119, 9.1.5): images depend on their files alone. */
const RECORD_TIME = [70, 1, 1, 0, 0, 0, 0];
const MAX_RECORD = 255;
/** Identifiers of a directory's own record and of its parent's (ECMA-119, 6.8.2.2). */
export const ROOT = Uint8Array.of(0);
export const PARENT = Uint8Array.of(1);
export const NO_SYSTEM_USE = new Uint8Array();

/** What stands in a directory, without where its content is. */
export interface DirectoryEntry {
  /** Identifier as it stands on the disk; one byte 0 and 1 for `.` and `..`. */
  readonly name: Uint8Array;
  readonly systemUse: Uint8Array;
}

/** Where the content is, in sectors, and its bytes. */
export interface Extent {
  readonly sector: number;
  readonly size: number;
}

/** Bytes of an entry's record. */
export function recordLength({ name, systemUse }: DirectoryEntry): number {
  const length = even(even(RECORD.name + name.length) + systemUse.length);
  invariant(length <= MAX_RECORD, 'iso9660: a directory record is too long');
  return length;
}

/** @param target zeros, from the record's first byte on */
export function writeRecord(target: Buffer, entry: DirectoryEntry, { sector, size }: Extent, directory: boolean): void {
  target[RECORD.length] = recordLength(entry);
  writeBoth32(target, sector, RECORD.extent);
  writeBoth32(target, size, RECORD.size);
  target.set(RECORD_TIME, RECORD.time);
  target[RECORD.flags] = directory ? FLAG_DIRECTORY : 0;
  writeBoth16(target, 1, RECORD.sequence);
  target[RECORD.nameLength] = entry.name.length;
  target.set(entry.name, RECORD.name);
  target.set(entry.systemUse, even(RECORD.name + entry.name.length));
}

/** Offsets of records of these lengths in their directory, and its end, which is a whole number of sectors: none crosses a border (ECMA-119, 6.8.1.1). */
export function placeRecords(lengths: readonly number[]): { readonly offsets: readonly number[]; readonly size: number } {
  let end = 0;
  const offsets = lengths.map(length => {
    const offset = (end % SECTOR) + length > SECTOR ? sectorsOf(end) * SECTOR : end;
    end = offset + length;
    return offset;
  });
  return { offsets, size: sectorsOf(end) * SECTOR };
}

const ATTRIBUTES_BYTES = 36;
const STAMPS_BYTES = 5 + 3 * RECORD_TIME.length;
const NAME_HEADER = 5;
const MODIFIED_ACCESSED_CHANGED = 0x0e;

/** The fields of Rock Ridge for one file: owner root, permission bits, times, and the real name (ASCII; none for the root). */
export function rockRidge(mode: number, directory: boolean, name = ''): Buffer {
  const nameAt = ATTRIBUTES_BYTES + STAMPS_BYTES;
  const fields = Buffer.alloc(nameAt + (name === '' ? 0 : NAME_HEADER + name.length));
  writeSign(fields, 0, 'PX', ATTRIBUTES_BYTES);
  // Linux shows these modes; the links are 1 for a file, and 2 for the root, which has no subdirectories; user and group stay 0
  writeBoth32(fields, mode | (directory ? MODE_DIRECTORY : MODE_REGULAR), 4);
  writeBoth32(fields, directory ? 2 : 1, 12);
  writeSign(fields, ATTRIBUTES_BYTES, 'TF', STAMPS_BYTES);
  fields[ATTRIBUTES_BYTES + 4] = MODIFIED_ACCESSED_CHANGED;
  for (let time = 0; time < 3; time++) fields.set(RECORD_TIME, ATTRIBUTES_BYTES + 5 + time * RECORD_TIME.length);
  if (name === '') return fields;
  writeSign(fields, nameAt, 'NM', NAME_HEADER + name.length);
  fields.write(name, nameAt + NAME_HEADER, 'latin1');
  return fields;
}

/** What each field begins with: its sign, its length, and version 1 (SUSP, 4.1). */
function writeSign(fields: Buffer, at: number, sign: string, length: number): void {
  fields.write(sign, at, 'latin1');
  fields[at + 2] = length;
  fields[at + 3] = 1;
}

/** The first field of the root's own record: says that SUSP is in use, and skips nothing. */
export const SUSP_INDICATOR = Buffer.from([...Buffer.from('SP'), 7, 1, 0xbe, 0xef, 0]);

/** Points to more fields in another sector: ER is too long for a record. */
export function continuation(sector: number, length: number): Buffer {
  const field = Buffer.alloc(28);
  field.set([...Buffer.from('CE'), field.length, 1]);
  writeBoth32(field, sector, 4);
  writeBoth32(field, length, 20);
  return field;
}

/** Names the extension (RRIP, 4.3); without it Linux ignores Rock Ridge. The texts are those that RRIP prescribes. */
export function extensionReference(): Buffer {
  const id = 'RRIP_1991A';
  const description = 'THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS';
  const source =
    'PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME DESCRIPTOR FOR CONTACT INFORMATION.';
  const length = 8 + id.length + description.length + source.length;
  return Buffer.from([
    ...Buffer.from('ER'),
    length,
    1,
    id.length,
    description.length,
    source.length,
    1,
    ...Buffer.from(id + description + source),
  ]);
}

function even(length: number): number {
  return length + (length % 2);
}
