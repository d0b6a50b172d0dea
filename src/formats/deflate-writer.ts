// Writes blocks with dynamic Huffman codes (RFC 1951, 3.2.7).
import { DISTANCES, distanceSymbol, END_OF_BLOCK, FIRST_LENGTH_SYMBOL, LENGTH_INDEX, LENGTHS } from './deflate-alphabet.ts';
import type { Block } from './deflate-blocks.ts';
import type { Steps } from './deflate-parse.ts';
import { canonicalCodes, codeLengths } from './huffman.ts';

const MAX_CODE = 15;
const MAX_LENGTH_CODE = 7;
const DYNAMIC = 2;
/** The order in which the lengths of the code length code are written. */
const LENGTH_CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const REPEAT = 16;
const ZEROS = 17;
const MANY_ZEROS = 18;

export class BitWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #size = 0;
  #bits = 0;
  #count = 0;

  /** @param capacity bytes to begin with */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Appends the lowest `count` bits of `value`; at most 16. */
  write(value: number, count: number): void {
    this.#reserve(2);
    this.#bits |= value << this.#count;
    this.#count += count;
    while (this.#count >= 8) {
      this.#bytes[this.#size++] = this.#bits & 0xff;
      this.#bits >>>= 8;
      this.#count -= 8;
    }
  }

  /**
   * Appends the steps of a block: `write` for each of their parts, in one loop without calls, which takes most of a compressor's time.
   * @param size bytes that the steps take
   * @returns the position in `bytes` behind the block
   */
  writeSteps(bytes: Uint8Array, steps: Steps, block: Block, position: number, literals: Code, distances: Code, size: number): number {
    this.#reserve(size);
    const out = this.#bytes;
    let end = this.#size;
    let bits = this.#bits;
    let count = this.#count;
    let at = position;
    for (let step = block.firstStep; step < block.endStep; step++) {
      const distance = steps.distances[step] ?? 0;
      if (distance === 0) {
        const literal = bytes[at++] ?? 0;
        bits |= (literals.codes[literal] ?? 0) << count;
        count += literals.lengths[literal] ?? 0;
      } else {
        const length = steps.lengths[step] ?? 1;
        const index = LENGTH_INDEX[length] ?? 0;
        const symbol = FIRST_LENGTH_SYMBOL + index;
        const far = distanceSymbol(distance);
        // at most 20 bits, beside 7 that wait
        const code = (literals.codes[symbol] ?? 0) | ((length - (LENGTHS.base[index] ?? 0)) << (literals.lengths[symbol] ?? 0));
        bits |= code << count;
        count += (literals.lengths[symbol] ?? 0) + (LENGTHS.extra[index] ?? 0);
        for (; count >= 8; count -= 8, bits >>>= 8) out[end++] = bits;
        bits |= (distances.codes[far] ?? 0) << count;
        count += distances.lengths[far] ?? 0;
        for (; count >= 8; count -= 8, bits >>>= 8) out[end++] = bits;
        bits |= (distance - (DISTANCES.base[far] ?? 0)) << count;
        count += DISTANCES.extra[far] ?? 0;
        at += length;
      }
      for (; count >= 8; count -= 8, bits >>>= 8) out[end++] = bits;
    }
    this.#size = end;
    this.#bits = bits;
    this.#count = count;
    return at;
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#size + more);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** Everything so far; the last byte filled up with zeros. */
  finish(): Uint8Array {
    if (this.#count > 0) this.write(0, 8 - this.#count);
    return this.#bytes.subarray(0, this.#size);
  }
}

/** Of an alphabet, by symbol. */
interface Code {
  readonly codes: Uint16Array;
  /** In bits. */
  readonly lengths: Uint8Array;
}

/** @returns the position in `bytes` behind the block */
export function writeBlock(out: BitWriter, bytes: Uint8Array, steps: Steps, block: Block, position: number, last: boolean): number {
  const literals = codeOf(block.literals);
  const distances = codeOf(block.distances);
  out.write(last ? 1 : 0, 1);
  out.write(DYNAMIC, 2);
  writeTrees(out, literals.lengths, distances.lengths);
  const end = out.writeSteps(bytes, steps, block, position, literals, distances, sizeOf(block, literals.lengths, distances.lengths));
  out.write(literals.codes[END_OF_BLOCK] ?? 0, literals.lengths[END_OF_BLOCK] ?? 0);
  return end;
}

/** Bytes of a block's steps; what is left of a byte before and after counts as one each. */
function sizeOf(block: Block, literals: Uint8Array, distances: Uint8Array): number {
  let bits = 16;
  for (let symbol = 0; symbol < literals.length; symbol++) {
    const extra = symbol < FIRST_LENGTH_SYMBOL ? 0 : (LENGTHS.extra[symbol - FIRST_LENGTH_SYMBOL] ?? 0);
    bits += (block.literals[symbol] ?? 0) * ((literals[symbol] ?? 0) + extra);
  }
  for (let symbol = 0; symbol < distances.length; symbol++)
    bits += (block.distances[symbol] ?? 0) * ((distances[symbol] ?? 0) + (DISTANCES.extra[symbol] ?? 0));
  return (bits >> 3) + 1;
}

function codeOf(frequencies: Uint32Array): Code {
  const lengths = codeLengths(frequencies, MAX_CODE);
  return { codes: canonicalCodes(lengths), lengths };
}

function writeTrees(out: BitWriter, literals: Uint8Array, distances: Uint8Array): void {
  const literalCount = Math.max(257, lastUsed(literals) + 1);
  const distanceCount = Math.max(1, lastUsed(distances) + 1);
  const items = runLengths(Uint8Array.from([...literals.subarray(0, literalCount), ...distances.subarray(0, distanceCount)]));
  const frequencies = new Uint32Array(LENGTH_CODE_ORDER.length);
  for (const { symbol } of items) frequencies[symbol] = (frequencies[symbol] ?? 0) + 1;
  const lengths = codeLengths(frequencies, MAX_LENGTH_CODE);
  const codes = canonicalCodes(lengths);
  const sent = Math.max(4, LENGTH_CODE_ORDER.findLastIndex(symbol => (lengths[symbol] ?? 0) > 0) + 1);
  out.write(literalCount - 257, 5);
  out.write(distanceCount - 1, 5);
  out.write(sent - 4, 4);
  for (const symbol of LENGTH_CODE_ORDER.slice(0, sent)) out.write(lengths[symbol] ?? 0, 3);
  for (const { symbol, extra, bits } of items) {
    out.write(codes[symbol] ?? 0, lengths[symbol] ?? 0);
    out.write(extra, bits);
  }
}

function lastUsed(lengths: Uint8Array): number {
  return lengths.findLastIndex(length => length > 0);
}

interface LengthItem {
  readonly symbol: number;
  readonly extra: number;
  readonly bits: number;
}

/** The lengths of both trees with runs folded. */
function runLengths(lengths: Uint8Array): readonly LengthItem[] {
  const items: LengthItem[] = [];
  for (let at = 0; at < lengths.length; ) {
    const value = lengths[at] ?? 0;
    let run = 1;
    while (lengths[at + run] === value) run++;
    at += run;
    if (value !== 0) {
      items.push({ symbol: value, extra: 0, bits: 0 });
      run--;
    }
    while (run >= 3) {
      const folded = Math.min(run, value !== 0 ? 6 : 138);
      if (value !== 0) items.push({ symbol: REPEAT, extra: folded - 3, bits: 2 });
      else if (folded < 11) items.push({ symbol: ZEROS, extra: folded - 3, bits: 3 });
      else items.push({ symbol: MANY_ZEROS, extra: folded - 11, bits: 7 });
      run -= folded;
    }
    for (; run > 0; run--) items.push({ symbol: value, extra: 0, bits: 0 });
  }
  return items;
}
