// A writer for small ISO 9660 images: one directory of files, with Rock Ridge (Linux) and Joliet (everybody else) names, and nothing of the
// machine, the user or the time in it. genisoimage and xorriso need a process each and put input times or their own into the image.
import { invariant } from '../bug.ts';
import { pathTable, type Tree, terminator, volumeDescriptor } from './iso9660-descriptors.ts';
import { encodeUcs2, FIRST_DESCRIPTOR, MAX_JOLIET_NAME, SECTOR, sectorsOf } from './iso9660-layout.ts';
import {
  continuation,
  type DirectoryEntry,
  type Extent,
  extensionReference,
  NO_SYSTEM_USE,
  PARENT,
  placeRecords,
  ROOT,
  recordLength,
  rockRidge,
  SUSP_INDICATOR,
  writeRecord,
} from './iso9660-records.ts';
import { shortNames } from './iso9660-short-names.ts';

export interface IsoFile {
  /** Without directories: `user-data`. */
  readonly name: string;
  /** Permission bits that Linux shows. */
  readonly mode: number;
  readonly content: Uint8Array;
}

// one sector each: three descriptors, two path tables per tree, Rock Ridge's reference; then the directories
const PATH_TABLES = FIRST_DESCRIPTOR + 3;
const REFERENCE = PATH_TABLES + 4;
const FIRST_DIRECTORY = REFERENCE + 1;
const ROOT_MODE = 0o700;
const EXTENSION_REFERENCE = extensionReference();
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

  const primary = directoryOf(rockRidgeEntries(files), FIRST_DIRECTORY, PATH_TABLES);
  const joliet = directoryOf(jolietEntries(files), primary.end, PATH_TABLES + 2);
  const { extents, end } = place(files, joliet.end);

  const image = Buffer.alloc(Math.ceil((end * SECTOR) / IMAGE_MULTIPLE) * IMAGE_MULTIPLE);
  const put = (sector: number, bytes: Uint8Array) => image.set(bytes, sector * SECTOR);
  const sectors = image.length / SECTOR;
  put(FIRST_DESCRIPTOR, volumeDescriptor('primary', label, primary.tree, sectors));
  put(FIRST_DESCRIPTOR + 1, volumeDescriptor('supplementary', label, joliet.tree, sectors));
  put(FIRST_DESCRIPTOR + 2, terminator());
  put(REFERENCE, EXTENSION_REFERENCE);
  for (const { tree, entries, offsets } of [primary, joliet]) {
    put(tree.pathTable, pathTable(tree.sector, 'little'));
    put(tree.pathTable + 1, pathTable(tree.sector, 'big'));
    entries.forEach((entry, index) => {
      const extent = entry.file && extents.get(entry.file);
      writeRecord(image.subarray(tree.sector * SECTOR + (offsets[index] ?? 0)), entry, extent ?? tree, extent === undefined);
    });
  }
  for (const [{ content }, { sector }] of extents) put(sector, content);
  return image;
}

interface FileEntry extends DirectoryEntry {
  /** Of the directory itself and its parent: none. */
  readonly file?: IsoFile;
}

interface Directory {
  readonly tree: Tree;
  readonly entries: readonly FileEntry[];
  /** Of the entries' records, in bytes. */
  readonly offsets: readonly number[];
  /** The sector behind it. */
  readonly end: number;
}

function directoryOf(entries: readonly FileEntry[], sector: number, pathTable: number): Directory {
  const { offsets, size } = placeRecords(entries.map(recordLength));
  return { tree: { sector, size, pathTable }, entries, offsets, end: sector + size / SECTOR };
}

/** Files in their order, from a sector on. */
function place(files: readonly IsoFile[], firstSector: number): { readonly extents: ReadonlyMap<IsoFile, Extent>; readonly end: number } {
  const extents = new Map<IsoFile, Extent>();
  let end = firstSector;
  for (const file of files) {
    const size = file.content.length;
    // an empty file has no extent; a sector behind the image's end would make readers complain
    extents.set(file, { sector: size === 0 ? 0 : end, size });
    end += sectorsOf(size);
  }
  return { extents, end };
}

function rockRidgeEntries(files: readonly IsoFile[]): readonly FileEntry[] {
  const names = shortNames(files.map(file => file.name));
  const root = rockRidge(ROOT_MODE, true);
  const entries = files.map((file, index) => ({ shortName: names[index] ?? '', file }));
  return [
    { name: ROOT, systemUse: Buffer.concat([SUSP_INDICATOR, root, continuation(REFERENCE, EXTENSION_REFERENCE.length)]) },
    { name: PARENT, systemUse: root },
    ...sortedBy(entries, entry => entry.shortName).map(({ shortName, file }) => ({
      name: Buffer.from(shortName, 'latin1'),
      systemUse: rockRidge(file.mode, false, file.name),
      file,
    })),
  ];
}

function jolietEntries(files: readonly IsoFile[]): readonly FileEntry[] {
  const own = [ROOT, PARENT].map(name => ({ name, systemUse: NO_SYSTEM_USE }));
  const sorted = sortedBy(files, file => file.name);
  return [...own, ...sorted.map(file => ({ name: encodeUcs2(file.name), systemUse: NO_SYSTEM_USE, file }))];
}

function sortedBy<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
