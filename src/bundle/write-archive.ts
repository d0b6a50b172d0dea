// The tar of a bundle, written once from front to back although its head names the digests of all that follows: the head's size is known, its place is
// left free, and it is filled in at the end.
import type { FileHandle } from 'node:fs/promises';
import { invariant } from '../bug.ts';
import { observed, tally } from '../formats/byte-stream.ts';
import { BLOCK, encodeHeader, paddingOf } from '../formats/tar-header.ts';

export const MEMBER_MODE = 0o644;
/** What the size field of a plain header holds. */
export const LARGEST_MEMBER = 8 ** 11 - 1;

export interface HeadMember {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface Stored {
  /** Hex, of the bytes as they stand in the archive. */
  readonly sha256: string;
  readonly size: number;
}

export interface ArchiveWriter {
  /** @throws system errors, and what `content` throws */
  add(name: string, content: AsyncIterable<Uint8Array>): Promise<Stored>;
  /** @param head as long as the one that the archive was opened with */
  finish(head: readonly HeadMember[]): Promise<void>;
  /** Bytes so far. */
  size(): number;
}

export function memberHeader(name: string, size: number): Uint8Array {
  return encodeHeader({ name, mode: MEMBER_MODE, size, type: '0' });
}

/** @param head in its final lengths; contents may still change */
export function archiveWriter(file: FileHandle, head: readonly HeadMember[]): ArchiveWriter {
  const headBytes = framed(head).length;
  let position = headBytes;
  return {
    size: () => position,
    async add(name, content) {
      const start = position;
      position += BLOCK;
      const seen = tally();
      for await (const chunk of observed(content, seen.look)) {
        await writeAt(file, chunk, position);
        position += chunk.length;
      }
      await writeAt(file, memberHeader(name, seen.size()), start);
      await writeAt(file, Buffer.alloc(paddingOf(seen.size())), position);
      position += paddingOf(seen.size());
      return { sha256: seen.sha256(), size: seen.size() };
    },
    async finish(final) {
      const bytes = framed(final);
      invariant(bytes.length === headBytes, 'the head of a bundle has another size than was left for it');
      await writeAt(file, Buffer.alloc(2 * BLOCK), position);
      position += 2 * BLOCK;
      await writeAt(file, bytes, 0);
    },
  };
}

function framed(members: readonly HeadMember[]): Buffer {
  return Buffer.concat(
    members.flatMap(({ name, content }) => [memberHeader(name, content.length), content, Buffer.alloc(paddingOf(content.length))]),
  );
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
