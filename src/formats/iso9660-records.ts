// Directory records, with and without Rock Ridge's fields in their system use area.
import { invariant } from '../bug.ts';
import { FLAG_DIRECTORY, MODE_DIRECTORY, MODE_REGULAR, RECORD, SECTOR, writeBoth16, writeBoth32 } from './iso9660-layout.ts';

/** 1970-01-01 00:00:00 UTC in seven bytes (ECMA-119, 9.1.5): images depend on their files alone. */
const RECORD_TIME = [70, 1, 1, 0, 0, 0, 0];
const MAX_RECORD = 255;
/** Identifiers of a directory's own record and of its parent's (ECMA-119, 6.8.2.2). */
export const ROOT = Uint8Array.of(0);
export const PARENT = Uint8Array.of(1);

export interface DirectoryRecord {
  /** Identifier as it stands on the disk; one byte 0 and 1 for `.` and `..`. */
  readonly name: Uint8Array;
  readonly sector: number;
  readonly size: number;
  readonly directory: boolean;
  readonly systemUse?: Uint8Array;
}

export function encodeRecord({ name, sector, size, directory, systemUse = new Uint8Array() }: DirectoryRecord): Buffer {
  const systemUseAt = even(RECORD.name + name.length);
  const length = even(systemUseAt + systemUse.length);
  invariant(length <= MAX_RECORD, 'iso9660: a directory record is too long');
  const record = Buffer.alloc(length);
  record[RECORD.length] = length;
  writeBoth32(record, sector, RECORD.extent);
  writeBoth32(record, size, RECORD.size);
  record.set(RECORD_TIME, RECORD.time);
  record[RECORD.flags] = directory ? FLAG_DIRECTORY : 0;
  writeBoth16(record, 1, RECORD.sequence);
  record[RECORD.nameLength] = name.length;
  record.set(name, RECORD.name);
  record.set(systemUse, systemUseAt);
  return record;
}

/** Puts records into sectors; none crosses a border (ECMA-119, 6.8.1.1). */
export function packRecords(records: readonly Buffer[]): Buffer {
  const chunks: Buffer[] = [];
  let free = 0;
  for (const record of records) {
    if (record.length > free) {
      chunks.push(Buffer.alloc(free));
      free = SECTOR;
    }
    chunks.push(record);
    free -= record.length;
  }
  return Buffer.concat([...chunks, Buffer.alloc(free)]);
}

/** The fields of Rock Ridge for one file: owner root, permission bits, times, and the real name. */
export function rockRidge(mode: number, directory: boolean, name?: string): Buffer {
  const attributes = Buffer.alloc(36);
  attributes.set([...Buffer.from('PX'), attributes.length, 1]);
  // Linux shows these modes; the links are 1 for a file, and 2 for the root, which has no subdirectories
  const numbers = [mode | (directory ? MODE_DIRECTORY : MODE_REGULAR), directory ? 2 : 1, 0, 0];
  numbers.forEach((value, index) => {
    writeBoth32(attributes, value, 4 + 8 * index);
  });
  const modifiedAccessedChanged = 0x0e;
  const times = [...RECORD_TIME, ...RECORD_TIME, ...RECORD_TIME];
  const stamps = Buffer.from([...Buffer.from('TF'), 5 + times.length, 1, modifiedAccessedChanged, ...times]);
  const names = name === undefined ? Buffer.alloc(0) : Buffer.from([...Buffer.from('NM'), 5 + name.length, 1, 0, ...Buffer.from(name)]);
  return Buffer.concat([attributes, stamps, names]);
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
