// Numbers and field encodings that writer and reader of ISO 9660 share: ECMA-119, SUSP 1.10 (IEEE P1281), RRIP 1.10 (IEEE P1282), Joliet.
export const SECTOR = 2048;
/** The first sectors belong to no file system; volume descriptors follow. */
export const FIRST_DESCRIPTOR = 16;
export const STANDARD_ID = 'CD001';
export const DESCRIPTOR = { primary: 1, supplementary: 2, terminator: 255 } as const;

/** Offsets in a volume descriptor (ECMA-119, 8.4). */
export const VOLUME = {
  systemId: 8,
  label: 40,
  spaceSize: 80,
  escapes: 88,
  setSize: 120,
  sequence: 124,
  blockSize: 128,
  pathTableSize: 132,
  pathTableL: 140,
  pathTableM: 148,
  rootRecord: 156,
  texts: 190,
  evenTexts: 512,
  times: 813,
  structureVersion: 881,
} as const;
export const LABEL_BYTES = 32;

/** Offsets in a directory record (ECMA-119, 9.1). */
export const RECORD = {
  length: 0,
  attributes: 1,
  extent: 2,
  size: 10,
  time: 18,
  flags: 25,
  unitSize: 26,
  gapSize: 27,
  sequence: 28,
  nameLength: 32,
  name: 33,
} as const;
export const FLAG_DIRECTORY = 0x02;
export const FLAG_ASSOCIATED = 0x04;
export const FLAG_MORE_EXTENTS = 0x80;

/** UCS-2 level 3: what Joliet's supplementary descriptor announces. */
export const JOLIET_ESCAPE = '%/E';
/** Bits of st_mode that say which kind of file it is (POSIX sys/stat.h). */
export const MODE_TYPE = 0o170000;
export const MODE_REGULAR = 0o100000;
export const MODE_DIRECTORY = 0o040000;
/** Longest name that Joliet holds, in UCS-2 characters. */
export const MAX_JOLIET_NAME = 64;

export function sectorsOf(bytes: number): number {
  return Math.ceil(bytes / SECTOR);
}

/** UCS-2 big-endian, as Joliet stores names. */
export function encodeUcs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

/** A 32-bit number in both byte orders (ECMA-119, 7.3.3). */
export function writeBoth32(target: Buffer, value: number, offset: number): void {
  target.writeUInt32LE(value, offset);
  target.writeUInt32BE(value, offset + 4);
}

/** A 16-bit number in both byte orders (ECMA-119, 7.2.3). */
export function writeBoth16(target: Buffer, value: number, offset: number): void {
  target.writeUInt16LE(value, offset);
  target.writeUInt16BE(value, offset + 2);
}
