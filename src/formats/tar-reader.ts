// A tar reader for archives that somebody hands to us: files and directories with clean relative names, nothing else, or a named error.
// Contents are views into the given buffer, so that memory stays within the archive's own size.
import { EntryPaths } from './entry-path.ts';
import { FormatError } from './format-error.ts';
import { BLOCK, decodeHeader, paddingOf, type TarHeader } from './tar-header.ts';
import type { TarFile } from './tar-writer.ts';

const MAX_ENTRIES = 100_000;
const MAX_PAX_BYTES = 64 * 1024;
/** What other writers add and we need not know. */
const HARMLESS_PAX_KEYS = new Set(['atime', 'ctime', 'mtime', 'comment', 'uname', 'gname', 'uid', 'gid']);

/** Names of the entry types that are refused, for the message. */
export const REFUSED_TYPES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a named pipe',
};

/** The files of an archive, in its order. @throws FormatError */
export function readTar(archive: Uint8Array): readonly TarFile[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.length);
  const paths = new EntryPaths();
  const files: TarFile[] = [];
  let offset = 0;
  let longPath: string | undefined;
  for (let count = 0; ; count++) {
    if (count > MAX_ENTRIES) throw new FormatError('too-large', `more than ${MAX_ENTRIES} entries`);
    const block = take(bytes, offset, BLOCK);
    if (isZero(block)) break;
    const header = decodeHeader(block);
    const content = take(bytes, offset + BLOCK, header.size);
    const padding = take(bytes, offset + BLOCK + header.size, paddingOf(header.size));
    if (!isZero(padding)) throw new FormatError('damaged', 'there is data between two tar entries');
    offset += BLOCK + header.size + padding.length;
    if (header.type === 'x') {
      if (longPath !== undefined) throw new FormatError('damaged', 'two extended tar headers for one entry');
      longPath = paxPath(content);
      continue;
    }
    addEntry(longPath ? { ...header, name: longPath } : header, content, paths, files);
    longPath = undefined;
  }
  if (longPath !== undefined) throw new FormatError('damaged', 'an extended tar header without an entry');
  if (bytes.length < offset + 2 * BLOCK) throw new FormatError('truncated', 'the tar archive ends too early');
  if (!isZero(bytes.subarray(offset))) throw new FormatError('damaged', 'there is more behind the end of the tar archive');
  return files;
}

function addEntry(header: TarHeader, content: Buffer, paths: EntryPaths, files: TarFile[]): void {
  // `tar -c .` writes ./plan, and directories with a slash at the end
  const path = header.name.replace(/^(\.\/)+/, '').replace(/\/$/, '');
  if (header.type === '5') {
    if (header.size > 0) throw new FormatError('damaged', 'a directory with content in the tar archive');
    if (path !== '' && path !== '.') paths.add(path, 'directory');
    return;
  }
  if (header.type !== '0') {
    const kind = REFUSED_TYPES[header.type];
    const name = JSON.stringify(path.slice(0, 200));
    if (kind) throw new FormatError('unsafe', `the entry ${name} is ${kind}`);
    throw new FormatError('unsupported', `the entry ${name} is of a type that kubekiln does not read (${JSON.stringify(header.type)})`);
  }
  if (header.name.endsWith('/'))
    throw new FormatError('unsafe', `the file ${JSON.stringify(path.slice(0, 200))} is named like a directory`);
  if (header.mode > 0o7777) throw new FormatError('damaged', `the mode of ${JSON.stringify(path.slice(0, 200))} is out of range`);
  paths.add(path, 'file');
  files.push({ path, mode: header.mode, content });
}

/** The path that an extended header gives to the next entry; empty when it gives none. @throws FormatError */
export function paxPath(content: Buffer): string {
  if (content.length > MAX_PAX_BYTES) throw new FormatError('too-large', 'an extended tar header is too large');
  let path = '';
  let rest = content;
  while (rest.length > 0) {
    const digits = /^[1-9][0-9]{0,5}(?= )/.exec(rest.toString('latin1', 0, 8))?.[0];
    const record = digits === undefined ? undefined : rest.subarray(digits.length + 1, Number(digits));
    if (digits === undefined || record === undefined || Number(digits) > rest.length || record.at(-1) !== 0x0a)
      throw new FormatError('damaged', 'an extended tar header is malformed');
    const [, key = '', value = ''] = /^([^=]+)=(.*)\n$/s.exec(record.toString('utf8')) ?? [];
    if (key === 'path') path = value;
    else if (!HARMLESS_PAX_KEYS.has(key))
      throw new FormatError('unsupported', `an extended tar header sets ${JSON.stringify(key.slice(0, 50))}`);
    rest = rest.subarray(Number(digits));
  }
  return path;
}

function take(bytes: Buffer, offset: number, length: number): Buffer {
  if (offset + length > bytes.length) throw new FormatError('truncated', 'the tar archive ends too early');
  return bytes.subarray(offset, offset + length);
}

/** Every byte is zero, and so is the one before it: one comparison of memory. */
function isZero(bytes: Buffer): boolean {
  return bytes.length === 0 || (bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1)));
}
