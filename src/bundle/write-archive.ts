// The tar of a bundle, written once from front to back although its head names the digests of all that follows: the head's size is known, its place is
// left free, and it is filled in at the end.
import { type FileHandle, open } from 'node:fs/promises';
import { invariant } from '../bug.ts';
import { handled, lookAtFile, tally } from '../formats/byte-stream.ts';
import { BLOCK, encodeHeader, paddingOf } from '../formats/tar-header.ts';

export const MEMBER_MODE = 0o644;
/** What the size field of a plain header holds. */
export const LARGEST_MEMBER = 8 ** 11 - 1;
/** More than a disk has free on which somebody just found no room. */
const PROBE_BYTES = 1024 * 1024;

export interface HeadMember {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface Stored {
  /** Hex, of the bytes as they stand in the archive; it may come while the next member is written. */
  readonly sha256: Promise<string>;
  readonly size: number;
}

export interface ArchiveWriter {
  /** @throws system errors, and what `content` throws */
  add(name: string, content: AsyncIterable<Uint8Array>): Promise<Stored>;
  /**
   * Adds what `append` appends to the archive, by a descriptor that is good for nothing else.
   * @throws system errors, also for what the archive's file system did to somebody else who wrote, and what `append` throws
   */
  addAppended(name: string, append: (descriptor: number) => Promise<void>): Promise<Stored>;
  /** @param head as long as the one that the archive was opened with */
  finish(head: readonly HeadMember[]): Promise<void>;
  /** Bytes so far. */
  size(): number;
}

export function memberHeader(name: string, size: number): Uint8Array {
  return encodeHeader({ name, mode: MEMBER_MODE, size, type: '0' });
}

/**
 * @param path of the file, which is empty
 * @param file open for reading and writing
 * @param head in its final lengths; contents may still change
 */
export function archiveWriter(path: string, file: FileHandle, head: readonly HeadMember[]): ArchiveWriter {
  const headBytes = framed(head).length;
  let position = headBytes;
  let flushing: Promise<void> = Promise.resolve();
  const frame = async (name: string, start: number, size: number) => {
    await writeAt(file, memberHeader(name, size), start);
    await writeAt(file, Buffer.alloc(paddingOf(size)), start + BLOCK + size);
    position = start + BLOCK + size + paddingOf(size);
    // the disk takes it while the next member is made, not when everything waits for it; an error of the disk is told once, so none may be lost
    await flushing;
    flushing = handled(file.datasync());
  };
  return {
    size: () => position,
    async add(name, content) {
      const start = position;
      const seen = tally();
      for await (const chunk of content) {
        seen.look(chunk);
        await writeAt(file, chunk, start + BLOCK + seen.size() - chunk.length);
      }
      await frame(name, start, seen.size());
      return { sha256: Promise.resolve(seen.sha256()), size: seen.size() };
    },
    async addAppended(name, append) {
      const start = position;
      // so that the end of the file is where the content begins
      await writeAt(file, Buffer.alloc(BLOCK), start);
      await appended(path, file, append);
      const size = (await file.stat()).size - start - BLOCK;
      await frame(name, start, size);
      return { sha256: handled(digestOf(file, start + BLOCK, size)), size };
    },
    async finish(final) {
      await flushing;
      const bytes = framed(final);
      invariant(bytes.length === headBytes, 'the head of a bundle has another size than was left for it');
      await writeAt(file, Buffer.alloc(2 * BLOCK), position);
      position += 2 * BLOCK;
      await writeAt(file, bytes, 0);
    },
  };
}

async function appended(path: string, file: FileHandle, append: (descriptor: number) => Promise<void>): Promise<void> {
  const end = await open(path, 'a');
  try {
    await append(end.fd);
  } catch (error) {
    // a full disk, or a quota: what another program cannot write, we cannot either, and node gives it a name
    await writeAt(file, Buffer.alloc(PROBE_BYTES), (await file.stat()).size);
    throw error;
  } finally {
    await end.close();
  }
}

async function digestOf(file: FileHandle, start: number, size: number): Promise<string> {
  const seen = tally();
  await lookAtFile(file, start, size, seen.look);
  return seen.sha256();
}

function framed(members: readonly HeadMember[]): Buffer {
  return Buffer.concat(
    members.flatMap(({ name, content }) => [memberHeader(name, content.length), content, Buffer.alloc(paddingOf(content.length))]),
  );
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
