// Streams of bytes as async iterables: what archives that do not fit into memory are read and written with.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

const READ_BYTES = 1024 * 1024;

/** A file's bytes. @throws the system error, while it is read */
export function fileChunks(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: READ_BYTES });
}

/**
 * Shows a part of an open file to `look`, which must be done with a chunk when it returns: two chunks take turns, since new memory for each would cost
 * as much as reading it.
 * @throws the system error
 */
export async function lookAtFile(file: FileHandle, start: number, size: number, look: (chunk: Uint8Array) => void): Promise<void> {
  const chunks = [Buffer.allocUnsafe(READ_BYTES), Buffer.allocUnsafe(READ_BYTES)];
  const end = start + size;
  let position = start;
  const next = () => {
    const chunk = chunks.reverse()[0] as Buffer;
    return file.read(chunk, 0, Math.min(READ_BYTES, end - position), position);
  };
  for (let reading = next(); ; ) {
    const { bytesRead, buffer } = await reading;
    position += bytesRead;
    const atEnd = bytesRead === 0 || position === end;
    if (!atEnd) reading = next();
    look(buffer.subarray(0, bytesRead));
    if (atEnd) return;
  }
}

export async function* chunksOf(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** Shows each chunk to `look` on its way. */
export async function* observed(source: AsyncIterable<Uint8Array>, look: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    look(chunk);
    yield chunk;
  }
}

/** The same bytes in chunks of one size, but for the last; none for no bytes. */
export async function* sizedChunks(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let block = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const chunk of source) {
    for (let start = 0; start < chunk.length; ) {
      const part = chunk.subarray(start, start + size - filled);
      block.set(part, filled);
      filled += part.length;
      start += part.length;
      if (filled < size) continue;
      yield block;
      // a new one: whoever got the last may still work on it
      block = Buffer.allocUnsafe(size);
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

/** The same promise, whose rejection may wait until somebody asks for it. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Counts and hashes what is shown to it. */
export interface Tally {
  readonly look: (chunk: Uint8Array) => void;
  readonly size: () => number;
  /** Hex SHA-256; to be called once, at the end. */
  readonly sha256: () => string;
}

export function tally(): Tally {
  const hash = createHash('sha256');
  let size = 0;
  return {
    look: chunk => {
      hash.update(chunk);
      size += chunk.length;
    },
    size: () => size,
    sha256: () => hash.digest('hex'),
  };
}
