// A tar that somebody hands to us, read once from front to back: plain files with clean names, nothing else. What stands in memory is one chunk.
import { EntryPaths, isCleanRelativePath } from '../formats/entry-path.ts';
import { FormatError } from '../formats/format-error.ts';
import { BLOCK, decodeHeader, paddingOf } from '../formats/tar-header.ts';
import type { ByteReader } from './byte-reader.ts';
import { memberHeader } from './write-archive.ts';

const MAX_ENTRIES = 100_000;
const REFUSED_TYPES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '5': 'a directory',
  '6': 'a named pipe',
};

export interface TarEntry {
  readonly path: string;
  readonly size: number;
  /** Its header is the one that kubekiln writes, byte for byte. */
  readonly ours: boolean;
  /** Its bytes; to be read before the next entry. What is left unread is passed over. @throws FormatError */
  readonly content: () => AsyncIterable<Uint8Array>;
}

/** The entries up to the first block of zeros; `checkTarEnd` reads on from there. @throws FormatError for what is no such tar, or is cut */
export async function* readTarStream(reader: ByteReader): AsyncGenerator<TarEntry> {
  const paths = new EntryPaths();
  for (let count = 0; ; count++) {
    if (count > MAX_ENTRIES) throw new FormatError('too-large', `more than ${MAX_ENTRIES} entries`);
    const block = await reader.take(BLOCK);
    if (block.every(byte => byte === 0)) break;
    const header = decodeHeader(block);
    const shown = JSON.stringify(header.name.slice(0, 200));
    if (header.type !== '0') {
      const kind = REFUSED_TYPES[header.type];
      if (kind) throw new FormatError('unsafe', `the entry ${shown} is ${kind}`);
      throw new FormatError('unsupported', `the entry ${shown} is of a type that kubekiln does not read (${JSON.stringify(header.type)})`);
    }
    if (!isCleanRelativePath(header.name)) throw new FormatError('unsafe', `the entry name ${shown} is not a clean relative path`);
    paths.add(header.name, 'file');
    let left = header.size;
    yield {
      path: header.name,
      size: header.size,
      ours: header.name.length <= 100 && block.equals(memberHeader(header.name, header.size)),
      async *content() {
        while (left > 0) {
          const chunk = await reader.some(left);
          left -= chunk.length;
          yield chunk;
        }
      },
    };
    while (left > 0) left -= (await reader.some(left)).length;
    const padding = await reader.take(paddingOf(header.size));
    if (padding.some(byte => byte !== 0)) throw new FormatError('damaged', `there is data behind the entry ${shown}`);
  }
}

/** The rest of a tar behind its last entry. @throws FormatError when it is cut, or has more */
export async function checkTarEnd(reader: ByteReader): Promise<void> {
  const second = await reader.take(BLOCK);
  if (second.some(byte => byte !== 0))
    throw new FormatError('damaged', 'there is one block of zeros in the tar archive, and more behind it');
  if (!(await reader.atEnd())) throw new FormatError('damaged', 'there is more behind the end of the tar archive');
}
