// Exact reads from a stream of chunks.
import { FormatError } from '../formats/format-error.ts';

export interface ByteReader {
  /** So many bytes. @throws FormatError `truncated` */
  take(count: number): Promise<Buffer>;
  /** At least one byte and at most `count`. @throws FormatError `truncated` */
  some(count: number): Promise<Buffer>;
  atEnd(): Promise<boolean>;
  /** Bytes read so far. */
  position(): number;
}

/** @param source is read no further than asked */
export function byteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const chunks = source[Symbol.asyncIterator]();
  let buffered: Buffer = Buffer.alloc(0);
  let position = 0;

  async function fill(): Promise<boolean> {
    while (buffered.length === 0) {
      const { value, done } = await chunks.next();
      if (done === true) return false;
      buffered = Buffer.from(value.buffer, value.byteOffset, value.length);
    }
    return true;
  }

  async function some(count: number): Promise<Buffer> {
    if (!(await fill())) throw new FormatError('truncated', `it ends too early, after ${position} bytes`);
    const chunk = buffered.subarray(0, count);
    buffered = buffered.subarray(chunk.length);
    position += chunk.length;
    return chunk;
  }

  return {
    some,
    async take(count) {
      const parts: Buffer[] = [];
      for (let left = count; left > 0; ) {
        const part = await some(left);
        parts.push(part);
        left -= part.length;
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },
    atEnd: async () => !(await fill()),
    position: () => position,
  };
}
