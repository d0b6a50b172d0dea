// A tar archive on disk, of any size: where each file in it stands. What is not a plain file with a clean name is refused by its name.
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { EntryPaths } from '../formats/entry-path.ts';
import { FormatError } from '../formats/format-error.ts';
import { BLOCK, decodeHeader, paddingOf } from '../formats/tar-header.ts';
import { paxPath, REFUSED_TYPES } from '../formats/tar-reader.ts';

export interface ArchiveEntry {
  readonly offset: number;
  readonly size: number;
}

export interface ArchiveFile {
  /** As the operator named it. */
  readonly name: string;
  /** By path, without `./` in front. */
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
  /** @throws FormatError for a file that is not there, or larger than `limit` */
  read(path: string, limit: number): Buffer;
  /** @throws FormatError for a file that is not there */
  stream(path: string): AsyncIterable<Uint8Array>;
}

const MAX_ENTRIES = 100_000;
const MAX_PAX_BYTES = 64 * 1024;
const LINK_NAME = [157, 257] as const;
/** What `docker save` and skopeo write for a layer that stands in the archive already: a link from one of these to one of those. */
const LINKED_LAYER = /^[0-9a-f]{64}\/layer\.tar$/;
const SAVED_LAYER = /^[0-9a-f]{64}(\/layer)?\.tar$/;

/** @param path of the uncompressed archive. @throws FormatError, system errors */
export function openArchive(path: string, name: string): ArchiveFile {
  const descriptor = openSync(path, 'r');
  let entries: ReadonlyMap<string, ArchiveEntry>;
  try {
    entries = listEntries(descriptor, fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
  const entry = (wanted: string) => {
    const found = entries.get(wanted);
    if (found === undefined) throw new FormatError('damaged', `it holds no ${JSON.stringify(wanted.slice(0, 200))}`);
    return found;
  };
  return {
    name,
    entries,
    read(wanted, limit) {
      const { offset, size } = entry(wanted);
      if (size > limit) throw new FormatError('too-large', `${JSON.stringify(wanted)} has ${size} bytes`);
      return readAt(path, offset, size);
    },
    stream(wanted) {
      const { offset, size } = entry(wanted);
      return size === 0 ? noBytes() : createReadStream(path, { start: offset, end: offset + size - 1 });
    },
  };
}

async function* noBytes(): AsyncIterable<Uint8Array> {}

function readAt(path: string, offset: number, size: number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    return readBlock(descriptor, offset, size);
  } finally {
    closeSync(descriptor);
  }
}

function readBlock(descriptor: number, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (readSync(descriptor, bytes, 0, size, offset) < size) throw new FormatError('truncated', 'the tar archive ends too early');
  return bytes;
}

function listEntries(descriptor: number, length: number): ReadonlyMap<string, ArchiveEntry> {
  const paths = new EntryPaths();
  const entries = new Map<string, ArchiveEntry>();
  const links = new Map<string, string>();
  let longPath = '';
  for (let offset = 0, count = 0; ; count++) {
    if (count > MAX_ENTRIES) throw new FormatError('too-large', `more than ${MAX_ENTRIES} entries`);
    const block = readBlock(descriptor, offset, BLOCK);
    if (block.every(byte => byte === 0)) break;
    const header = decodeHeader(block);
    offset += BLOCK;
    if (offset + header.size + paddingOf(header.size) > length) throw new FormatError('truncated', 'the tar archive ends too early');
    if (header.type === 'x') {
      if (header.size > MAX_PAX_BYTES) throw new FormatError('too-large', `an extended tar header of ${header.size} bytes`);
      longPath = paxPath(readBlock(descriptor, offset, header.size));
    } else {
      const path = (longPath || header.name).replace(/^(\.\/)+/, '').replace(/\/$/, '');
      longPath = '';
      addEntry(path, header.type, { offset, size: header.size }, block, { paths, entries, links });
    }
    offset += header.size + paddingOf(header.size);
  }
  for (const [path, target] of links) {
    const found = entries.get(target);
    if (found === undefined) throw new FormatError('damaged', `the entry ${JSON.stringify(path)} leads to nothing`);
    entries.set(path, found);
  }
  return entries;
}

interface Found {
  readonly paths: EntryPaths;
  readonly entries: Map<string, ArchiveEntry>;
  readonly links: Map<string, string>;
}

function addEntry(path: string, type: string, entry: ArchiveEntry, block: Buffer, { paths, entries, links }: Found): void {
  const name = JSON.stringify(path.slice(0, 200));
  if (type === '5') {
    if (path !== '' && path !== '.') paths.add(path, 'directory');
    return;
  }
  if (type === '2' && LINKED_LAYER.test(path)) {
    const link = block.toString('latin1', ...LINK_NAME).replace(/\0.*$/s, '');
    const target = link.replace(/^\.\.\//, '');
    if (link !== target && target !== path && SAVED_LAYER.test(target)) {
      paths.add(path, 'file');
      links.set(path, target);
      return;
    }
  }
  if (type !== '0') {
    const kind = REFUSED_TYPES[type];
    if (kind) throw new FormatError('unsafe', `the entry ${name} is ${kind}`);
    throw new FormatError('unsupported', `the entry ${name} is of a type that kubekiln does not read (${JSON.stringify(type)})`);
  }
  paths.add(path, 'file');
  entries.set(path, entry);
}
