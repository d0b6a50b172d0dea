// `kubekiln bundle inspect`: the index, and how much each member takes; of the rest only headers are read.
import { open } from 'node:fs/promises';
import { FormatError } from '../formats/format-error.ts';
import { BLOCK, decodeHeader, paddingOf } from '../formats/tar-header.ts';
import { type Entry, INDEX_MEMBER, parseIndex } from './bundle-index.ts';

export interface ListedEntry {
  readonly entry: Entry;
  /** Bytes in the bundle; absent where the member is not there. */
  readonly stored?: number;
}

export interface ListedBundle {
  readonly entries: readonly ListedEntry[];
  readonly bytes: number;
}

const MAX_MEMBERS = 100_000;
const MAX_INDEX_BYTES = 16 * 1024 * 1024;

/** @throws FormatError and system errors */
export async function listBundle(path: string): Promise<ListedBundle> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const take = async (position: number, length: number): Promise<Buffer> => {
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await file.read(bytes, 0, length, position);
      if (bytesRead < length) throw new FormatError('truncated', `it ends too early, after ${size} bytes`);
      return bytes;
    };
    const sizes = new Map<string, number>();
    let entries: readonly Entry[] = [];
    for (let position = 0; ; ) {
      const block = await take(position, BLOCK);
      if (block.every(byte => byte === 0)) break;
      const header = decodeHeader(block);
      if (position === 0) {
        if (header.name !== INDEX_MEMBER || header.size > MAX_INDEX_BYTES)
          throw new FormatError('unsupported', 'it is no bundle of kubekiln');
        entries = parseIndex(await take(BLOCK, header.size));
      }
      sizes.set(header.name, header.size);
      if (sizes.size > MAX_MEMBERS) throw new FormatError('too-large', `more than ${MAX_MEMBERS} members`);
      position += BLOCK + header.size + paddingOf(header.size);
    }
    const listed = entries.map((entry): ListedEntry => {
      const stored = sizes.get(entry.member);
      return stored === undefined ? { entry } : { entry, stored };
    });
    return { entries: listed, bytes: size };
  } finally {
    await file.close();
  }
}

/** True for a file whose first member is the index of a bundle; false for any other, and for what cannot be read. */
export async function isBundle(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const block = Buffer.alloc(BLOCK);
    if (!(await file.stat()).isFile()) return false;
    await file.read(block, 0, BLOCK, 0);
    return block.toString('latin1', 0, INDEX_MEMBER.length + 1) === `${INDEX_MEMBER}\0` && block.toString('latin1', 257, 262) === 'ustar';
  } finally {
    await file.close();
  }
}
