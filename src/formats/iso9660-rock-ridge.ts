// Rock Ridge's fields in the system use area of a directory record, read from images that are not trusted.
import { FormatError } from './format-error.ts';
import { MODE_DIRECTORY, MODE_REGULAR, MODE_TYPE, RECORD, SECTOR } from './iso9660-layout.ts';
import { SUSP_INDICATOR } from './iso9660-records.ts';

export interface RockRidgeFields {
  readonly name?: string;
  /** Permission bits. */
  readonly mode?: number;
  readonly directory?: boolean;
}

interface Field {
  readonly sign: string;
  readonly data: Buffer;
}

const MAX_CONTINUATIONS = 4;
/** Bytes of sign, length and version before a field's data. */
const FIELD_HEADER = 4;
const NAME_CONTINUES = 0x01;
const REFUSED: Readonly<Record<string, string>> = {
  SL: 'a symbolic link',
  PN: 'a device',
  CL: 'a relocated directory',
  RE: 'a relocated directory',
  PL: 'a relocated directory',
};

/** Bytes that every system use area begins with and that are not ours (SUSP, 5.3); undefined when the image has no Rock Ridge. */
export function findSuspSkip(image: Buffer, root: Buffer): number | undefined {
  const own = root.subarray(0, root[RECORD.length] ?? 0);
  const area = systemUse(own);
  const found = area.subarray(0, SUSP_INDICATOR.length - 1).equals(SUSP_INDICATOR.subarray(0, -1));
  const skip = area[SUSP_INDICATOR.length - 1] ?? 0;
  if (!found) return undefined;
  return fieldsOf(image, area).some(field => field.sign === 'ER' || field.sign === 'PX') ? skip : undefined;
}

/** @throws FormatError for links, devices and relocated directories */
export function readRockRidge(image: Buffer, record: Buffer, skip: number): RockRidgeFields {
  let name: string | undefined;
  let attributes: number | undefined;
  for (const { sign, data } of fieldsOf(image, systemUse(record).subarray(skip))) {
    const refused = REFUSED[sign];
    if (refused) throw new FormatError('unsafe', `the ISO image holds ${refused}`);
    if (sign === 'PX' && data.length >= 4) attributes = data.readUInt32LE(0);
    if (sign !== 'NM' || data.length < 1) continue;
    if (((data[0] ?? 0) & ~NAME_CONTINUES) !== 0) throw new FormatError('unsafe', 'the ISO image holds a second name for a directory');
    name = (name ?? '') + data.toString('utf8', 1);
  }
  if (attributes === undefined) return { ...(name !== undefined && { name }) };
  const type = attributes & MODE_TYPE;
  if (type !== MODE_REGULAR && type !== MODE_DIRECTORY)
    throw new FormatError('unsafe', 'the ISO image holds something that is neither a file nor a directory');
  return { ...(name !== undefined && { name }), mode: attributes & 0o7777, directory: type === MODE_DIRECTORY };
}

function systemUse(record: Buffer): Buffer {
  const nameLength = record[RECORD.nameLength] ?? 0;
  return record.subarray(RECORD.name + nameLength + ((nameLength + 1) % 2));
}

function fieldsOf(image: Buffer, firstArea: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let area: Buffer | undefined = firstArea;
  for (let count = 0; area; count++) {
    if (count > MAX_CONTINUATIONS) throw new FormatError('unsafe', 'the system use fields of the ISO image have no end');
    let next: Buffer | undefined;
    for (let at = 0; at + FIELD_HEADER <= area.length; ) {
      const length: number = area[at + 2] ?? 0;
      const sign = area.toString('latin1', at, at + 2);
      // one byte of padding, or nothing more
      if (length === 0 || sign === 'ST') break;
      if (length < FIELD_HEADER || at + length > area.length)
        throw new FormatError('damaged', 'a system use field of the ISO image is damaged');
      const data: Buffer = area.subarray(at + FIELD_HEADER, at + length);
      if (sign === 'CE') next = continuationArea(image, data);
      else fields.push({ sign, data });
      at += length;
    }
    area = next;
  }
  return fields;
}

function continuationArea(image: Buffer, data: Buffer): Buffer {
  if (data.length < 24) throw new FormatError('damaged', 'a system use field of the ISO image is damaged');
  const [sector, offset, length] = [data.readUInt32LE(0), data.readUInt32LE(8), data.readUInt32LE(16)];
  const start = sector * SECTOR + offset;
  if (offset + length > SECTOR || start + length > image.length) throw new FormatError('truncated', 'the ISO image ends too early');
  return image.subarray(start, start + length);
}
