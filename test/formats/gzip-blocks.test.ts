// gzip from many blocks: what any gzip reads, the same bytes however the content comes in.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { sizedChunks } from '../../src/formats/byte-stream.ts';
import { GZIP_BLOCKS, gzipBlocks } from '../../src/formats/gzip-blocks.ts';

async function* inPieces(content: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (let turn = 0; start < content.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield content.subarray(start, start + size);
    start += size;
  }
}

async function joined(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const words = fc.constantFrom('apple ', 'pear ', 'kubelet\n', '\0\0\0\0', 'ÿ');
const content = fc
  .tuple(fc.array(words, { minLength: 0, maxLength: 200 }), fc.integer({ min: 0, max: 3 * GZIP_BLOCKS.blockBytes }))
  .map(([parts, length]) => Buffer.alloc(parts.join('') === '' ? 0 : length, parts.join('') || ' '));
const sizes = fc.array(fc.integer({ min: 100, max: 2 * GZIP_BLOCKS.blockBytes }), { minLength: 1, maxLength: 5 });

describe('gzipBlocks', () => {
  it('is undone by zlib, and does not depend on how the content comes in', async () => {
    await fc.assert(
      fc.asyncProperty(content, sizes, async (bytes, pieces) => {
        const packed = await joined(gzipBlocks(inPieces(bytes, pieces)));
        assert.ok(gunzipSync(packed).equals(bytes));
        assert.ok(packed.equals(await joined(gzipBlocks(inPieces(bytes, [bytes.length || 1])))));
      }),
      { numRuns: 40 },
    );
  });

  it('is one member that gzip -t takes, no larger than that of one thread', async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, line) => `${line} ${(line * 7919) % 10_007} kubekiln\n`).join(''));
    const packed = await joined(gzipBlocks(inPieces(bytes, [100_000])));
    execFileSync('gzip', ['-t'], { input: packed });
    assert.ok(execFileSync('gzip', ['-dc'], { input: packed, maxBuffer: 2 ** 28 }).equals(bytes));
    assert.ok(packed.length < 1.02 * gzipSync(bytes, { level: GZIP_BLOCKS.level }).length);
  });

  it('hands on what its source throws, and ends when nobody reads on', async () => {
    const broken = async function* () {
      yield Buffer.alloc(3 * GZIP_BLOCKS.blockBytes);
      throw new Error('the disk is gone');
    };
    await assert.rejects(joined(gzipBlocks(broken())), /the disk is gone/);
    for await (const _chunk of gzipBlocks(inPieces(Buffer.alloc(10 * GZIP_BLOCKS.blockBytes), [1000]))) break;
  });
});

describe('sizedChunks', () => {
  it('keeps the bytes, in chunks of one size but for the last', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 50 }),
        async (bytes, size, piece) => {
          const chunks: Buffer[] = [];
          for await (const chunk of sizedChunks(inPieces(bytes, [piece]), size)) chunks.push(Buffer.from(chunk));
          assert.ok(Buffer.concat(chunks).equals(bytes));
          assert.ok(chunks.slice(0, -1).every(chunk => chunk.length === size));
          assert.equal(chunks.length, Math.ceil(bytes.length / size));
        },
      ),
    );
  });
});
