// One gzip member (RFC 1952) of a stream, deflated on all processors as pigz does it: blocks of a fixed size, each with the end of the one before as
// its dictionary, each ended by a sync flush so that they join on a byte border. The bytes depend on the content and on zlib's version alone.
import { availableParallelism } from 'node:os';
import { constants, crc32, deflateRaw } from 'node:zlib';
import { observed, sizedChunks } from './byte-stream.ts';

/** What the compressed bytes depend on, beside zlib's version. */
export const GZIP_BLOCKS = { blockBytes: 512 * 1024, level: 6 } as const;
const DICTIONARY_BYTES = 32 * 1024;
/** No name, no time, unknown system: the header that every writer of reproducible archives uses. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** RFC 1951: a last block with fixed codes and nothing in it. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

/** The stream as one gzip member. Memory: a few blocks per processor. */
export async function* gzipBlocks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let [checksum, length] = [0, 0];
  const counted = observed(source, chunk => {
    checksum = crc32(chunk, checksum);
    length += chunk.length;
  });
  yield HEADER;
  const atOnce = availableParallelism() + 2;
  const underWay: Promise<Uint8Array>[] = [];
  let dictionary: Uint8Array | undefined;
  for await (const block of sizedChunks(counted, GZIP_BLOCKS.blockBytes)) {
    const deflated = deflateBlock(block, dictionary);
    // whoever stops reading leaves some of them behind
    deflated.catch(() => undefined);
    underWay.push(deflated);
    dictionary = block.subarray(-DICTIONARY_BYTES);
    const first = underWay.length >= atOnce ? underWay.shift() : undefined;
    if (first !== undefined) yield await first;
  }
  for (const deflated of underWay) yield await deflated;
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield Buffer.concat([LAST_BLOCK, trailer]);
}

function deflateBlock(block: Uint8Array, dictionary: Uint8Array | undefined): Promise<Uint8Array> {
  const options = {
    level: GZIP_BLOCKS.level,
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: GZIP_BLOCKS.blockBytes,
    ...(dictionary && { dictionary }),
  };
  return new Promise((resolve, reject) => {
    deflateRaw(block, options, (error, result) => (error ? reject(error) : resolve(result)));
  });
}
