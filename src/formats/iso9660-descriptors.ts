// The volume descriptors of an image with one directory, and its path tables.
import {
  DESCRIPTOR,
  encodeUcs2,
  JOLIET_ESCAPE,
  LABEL_BYTES,
  SECTOR,
  STANDARD_ID,
  VOLUME,
  writeBoth16,
  writeBoth32,
} from './iso9660-layout.ts';
import { NO_SYSTEM_USE, ROOT, writeRecord } from './iso9660-records.ts';

/** A directory and its path tables, in sectors; `size` in bytes. */
export interface Tree {
  readonly sector: number;
  readonly size: number;
  /** Sector of the path table in little-endian order; the big-endian one follows. */
  readonly pathTable: number;
}

const PATH_TABLE_BYTES = 10;

export function terminator(): Buffer {
  return Buffer.from([DESCRIPTOR.terminator, ...Buffer.from(STANDARD_ID), 1]);
}

/** ECMA-119, 9.4: the root alone. */
export function pathTable(rootSector: number, order: 'little' | 'big'): Buffer {
  const table = Buffer.alloc(PATH_TABLE_BYTES);
  table[0] = ROOT.length;
  if (order === 'little') {
    table.writeUInt32LE(rootSector, 2);
    table.writeUInt16LE(1, 6);
  } else {
    table.writeUInt32BE(rootSector, 2);
    table.writeUInt16BE(1, 6);
  }
  return table;
}

/** ECMA-119, 8.4 and 8.5; Joliet's texts are UCS-2. */
export function volumeDescriptor(kind: 'primary' | 'supplementary', label: string, tree: Tree, sectors: number): Buffer {
  const joliet = kind === 'supplementary';
  const descriptor = Buffer.alloc(SECTOR);
  const text = (value: string, offset: number, length: number) => {
    descriptor.fill(joliet ? '\0 ' : ' ', offset, offset + length, 'latin1');
    descriptor.set(joliet ? encodeUcs2(value) : Buffer.from(value, 'latin1'), offset);
  };
  descriptor.set([DESCRIPTOR[kind], ...Buffer.from(STANDARD_ID), 1]);
  text('LINUX', VOLUME.systemId, 32);
  text(label, VOLUME.label, LABEL_BYTES);
  writeBoth32(descriptor, sectors, VOLUME.spaceSize);
  if (joliet) descriptor.write(JOLIET_ESCAPE, VOLUME.escapes, 'latin1');
  writeBoth16(descriptor, 1, VOLUME.setSize);
  writeBoth16(descriptor, 1, VOLUME.sequence);
  writeBoth16(descriptor, SECTOR, VOLUME.blockSize);
  writeBoth32(descriptor, PATH_TABLE_BYTES, VOLUME.pathTableSize);
  descriptor.writeUInt32LE(tree.pathTable, VOLUME.pathTableL);
  descriptor.writeUInt32BE(tree.pathTable + 1, VOLUME.pathTableM);
  writeRecord(descriptor.subarray(VOLUME.rootRecord), { name: ROOT, systemUse: NO_SYSTEM_USE }, tree, true);
  // the last three texts have odd lengths, which UCS-2 cannot fill
  text('', VOLUME.texts, joliet ? VOLUME.evenTexts : VOLUME.times - VOLUME.texts);
  // created and modified in 1970; expires never, effective at once (ECMA-119, 8.4.26.1)
  const [born, unset] = ['1970010100000000\0', '0000000000000000\0'];
  descriptor.write(born + born + unset + unset, VOLUME.times, 'latin1');
  descriptor[VOLUME.structureVersion] = 1;
  return descriptor;
}
