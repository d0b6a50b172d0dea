import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { codeLengths } from '../../src/formats/huffman.ts';

/** Bits that the symbols take together. */
function cost(frequencies: Uint32Array, lengths: Uint8Array): number {
  return frequencies.reduce((sum, frequency, symbol) => sum + frequency * (lengths[symbol] ?? 0), 0);
}

/** 1 when each string of bits is the beginning of exactly one row of codes: some decoders take nothing else. */
function kraft(lengths: Uint8Array): number {
  return lengths.reduce((sum, length) => sum + (length === 0 ? 0 : 2 ** -length), 0);
}

describe('codeLengths', () => {
  it('gives complete codes, and the rarer symbol never the shorter one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { minLength: 2, maxLength: 286 }), fc.constantFrom(9, 15), (list, limit) => {
        const frequencies = Uint32Array.from(list);
        const lengths = codeLengths(frequencies, limit);
        assert.equal(kraft(lengths), 1);
        assert.ok(Math.max(...lengths) <= limit);
        const used = list.map((frequency, symbol) => ({ frequency, length: lengths[symbol] ?? 0 })).filter(one => one.frequency > 0);
        assert.ok(used.every(({ length }) => length > 0));
        const sorted = used.toSorted((a, b) => b.frequency - a.frequency || a.length - b.length);
        assert.deepEqual(
          sorted.map(one => one.length),
          sorted.map(one => one.length).toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it('keeps to the limit where the best code would not, at the least cost', () => {
    // Fibonacci's numbers make the deepest tree that there is.
    const frequencies = Uint32Array.of(1, 1, 2, 3, 5, 8, 13, 21, 34, 55);
    const costs = [4, 5, 6, 7, 8, 9].map(limit => {
      const lengths = codeLengths(frequencies, limit);
      assert.equal(Math.max(...lengths), limit);
      assert.equal(kraft(lengths), 1);
      return cost(frequencies, lengths);
    });
    assert.deepEqual(costs, [394, 367, 366, 365, 364, 363]);
  });
});
