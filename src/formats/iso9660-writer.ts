// A writer for small ISO 9660 images: one directory of files, with Rock Ridge (Linux) and Joliet (everybody else) names, and nothing of the
// machine, the user or the time in it. genisoimage and xorriso need a process each and put input times or their own into the image.
import { invariant } from '../bug.ts';
import { pathTable, type Tree, terminator, volumeDescriptor } from './iso9660-descriptors.ts';
import { encodeUcs2, FIRST_DESCRIPTOR, MAX_JOLIET_NAME, SECTOR, sectorsOf } from './iso9660-layout.ts';
import { continuation, encodeRecord, extensionReference, PARENT, packRecords, ROOT, rockRidge, SUSP_INDICATOR } from './iso9660-records.ts';
import { shortNames } from './iso9660-short-names.ts';

export interface IsoFile {
  /** Without directories: `user-data`. */
  readonly name: string;
  /** Permission bits that Linux shows. */
  readonly mode: number;
  readonly content: Uint8Array;
}

interface PlacedFile extends IsoFile {
  readonly shortName: string;
  readonly sector: number;
}

// one sector each: three descriptors, two path tables per tree, then the directories
const PATH_TABLES = FIRST_DESCRIPTOR + 3;
const FIRST_DIRECTORY = PATH_TABLES + 4;
const ROOT_MODE = 0o700;
// 4096 instead of 2048: block devices with larger sectors drop a half one at the end
const IMAGE_MULTIPLE = 2 * SECTOR;

/**
 * An image whose bytes are a function of the arguments.
 * @param label volume label, e.g. `CIDATA`: A-Z, 0-9 and _, at most 16 characters
 */
export function writeIso(label: string, files: readonly IsoFile[]): Uint8Array {
  invariant(/^[A-Z0-9_]{1,16}$/.test(label), `iso9660: ${label} is not a label`);
  for (const { name } of files)
    invariant(/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) && name.length <= MAX_JOLIET_NAME, `iso9660: ${name} is not a name`);
  invariant(new Set(files.map(file => file.name)).size === files.length, 'iso9660: two files of one name');

  const reference = extensionReference();
  // the size of a directory does not depend on where things stand
  const primarySectors = sectorsOf(primaryDirectory(place(files, 0), { sector: 0, size: 0, pathTable: 0 }, 0, 0).length);
  const jolietSectors = sectorsOf(jolietDirectory(place(files, 0), { sector: 0, size: 0, pathTable: 0 }).length);
  const primary = { sector: FIRST_DIRECTORY, size: primarySectors * SECTOR, pathTable: PATH_TABLES };
  const referenceSector = primary.sector + primarySectors;
  const joliet = { sector: referenceSector + 1, size: jolietSectors * SECTOR, pathTable: PATH_TABLES + 2 };
  const placed = place(files, joliet.sector + jolietSectors);
  const end = placed.reduce((sector, file) => sector + sectorsOf(file.content.length), joliet.sector + jolietSectors);

  const image = Buffer.alloc(Math.ceil((end * SECTOR) / IMAGE_MULTIPLE) * IMAGE_MULTIPLE);
  const put = (sector: number, bytes: Uint8Array) => image.set(bytes, sector * SECTOR);
  const sectors = image.length / SECTOR;
  put(FIRST_DESCRIPTOR, volumeDescriptor('primary', label, primary, sectors));
  put(FIRST_DESCRIPTOR + 1, volumeDescriptor('supplementary', label, joliet, sectors));
  put(FIRST_DESCRIPTOR + 2, terminator());
  for (const tree of [primary, joliet]) {
    put(tree.pathTable, pathTable(tree.sector, 'little'));
    put(tree.pathTable + 1, pathTable(tree.sector, 'big'));
  }
  put(primary.sector, primaryDirectory(placed, primary, referenceSector, reference.length));
  put(referenceSector, reference);
  put(joliet.sector, jolietDirectory(placed, joliet));
  for (const file of placed) put(file.sector, file.content);
  return image;
}

function place(files: readonly IsoFile[], firstSector: number): readonly PlacedFile[] {
  const names = shortNames(files.map(file => file.name));
  let next = firstSector;
  return files.map((file, index) => {
    const sector = next;
    next += sectorsOf(file.content.length);
    // an empty file has no extent; a sector behind the image's end would make readers complain
    return { ...file, shortName: names[index] ?? '', sector: file.content.length === 0 ? 0 : sector };
  });
}

function primaryDirectory(files: readonly PlacedFile[], tree: Tree, referenceSector: number, referenceLength: number): Buffer {
  const own = { sector: tree.sector, size: tree.size, directory: true };
  const root = rockRidge(ROOT_MODE, true);
  const systemUse = Buffer.concat([SUSP_INDICATOR, root, continuation(referenceSector, referenceLength)]);
  const records = sortedBy(files, file => file.shortName).map(file =>
    encodeRecord({
      name: Buffer.from(file.shortName, 'latin1'),
      sector: file.sector,
      size: file.content.length,
      directory: false,
      systemUse: rockRidge(file.mode, false, file.name),
    }),
  );
  return packRecords([
    encodeRecord({ ...own, name: ROOT, systemUse }),
    encodeRecord({ ...own, name: PARENT, systemUse: root }),
    ...records,
  ]);
}

function jolietDirectory(files: readonly PlacedFile[], tree: Tree): Buffer {
  const own = { sector: tree.sector, size: tree.size, directory: true };
  const records = sortedBy(files, file => file.name).map(file =>
    encodeRecord({ name: encodeUcs2(file.name), sector: file.sector, size: file.content.length, directory: false }),
  );
  return packRecords([encodeRecord({ ...own, name: ROOT }), encodeRecord({ ...own, name: PARENT }), ...records]);
}

function sortedBy<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
