// Cuts the steps into blocks with a code of their own each: base64 and shell text in one user-data want different ones.
import { DISTANCE_SYMBOLS, distanceSymbol, END_OF_BLOCK, FIRST_LENGTH_SYMBOL, LENGTH_INDEX, LITERAL_SYMBOLS } from './deflate-alphabet.ts';
import { log2, type Steps } from './deflate-parse.ts';

/** A run of steps, and how often each symbol stands in it. */
export interface Block {
  readonly firstStep: number;
  readonly endStep: number;
  readonly literals: Uint32Array;
  readonly distances: Uint32Array;
}

/** Blocks are made of pieces of this many steps. */
const PIECE = 192;
/** Estimated bits of a block's header, and of each symbol in it. */
const HEADER_BITS = 90;
const SYMBOL_BITS = 3.2;

/** A block, the estimated size of it, and what is gained by merging it with the next one. */
interface Candidate {
  block: Block;
  bits: number;
  /** Both in one block; undefined at the end. */
  merged?: { readonly bits: number; readonly gain: number } | undefined;
}

/** Merges neighbours as long as one code for both is estimated to be cheaper than two; the best pair first. */
export function splitBlocks(bytes: Uint8Array, steps: Steps): readonly Block[] {
  const candidates = pieces(bytes, steps).map((block): Candidate => ({ block, bits: estimate(block, NOTHING) }));
  const weigh = (index: number) => {
    const [one, next] = [candidates[index], candidates[index + 1]];
    if (!one) return;
    if (!next) {
      one.merged = undefined;
      return;
    }
    const bits = estimate(one.block, next.block);
    one.merged = { bits, gain: one.bits + next.bits - bits };
  };
  candidates.forEach((_candidate, index) => {
    weigh(index);
  });
  for (;;) {
    let best = -1;
    let gain = 0;
    candidates.forEach(({ merged }, index) => {
      if (!merged || merged.gain <= gain) return;
      best = index;
      gain = merged.gain;
    });
    const [one, next] = [candidates[best], candidates[best + 1]];
    if (!one?.merged || !next) return candidates.map(({ block }) => block);
    candidates.splice(best, 2, { block: join(one.block, next.block), bits: one.merged.bits });
    weigh(best - 1);
    weigh(best);
  }
}

function pieces(bytes: Uint8Array, steps: Steps): Block[] {
  const blocks: Block[] = [];
  let position = 0;
  for (let firstStep = 0; firstStep < steps.count || blocks.length === 0; firstStep += PIECE) {
    const endStep = Math.min(steps.count, firstStep + PIECE);
    const block = emptyBlock(firstStep, endStep);
    const { literals, distances } = block;
    for (let step = firstStep; step < endStep; step++) {
      const length = steps.lengths[step] ?? 1;
      const distance = steps.distances[step] ?? 0;
      const symbol = distance === 0 ? (bytes[position] ?? 0) : FIRST_LENGTH_SYMBOL + (LENGTH_INDEX[length] ?? 0);
      literals[symbol] = (literals[symbol] ?? 0) + 1;
      if (distance > 0) distances[distanceSymbol(distance)] = (distances[distanceSymbol(distance)] ?? 0) + 1;
      position += length;
    }
    blocks.push(block);
  }
  return blocks;
}

/** A block in which no step was counted yet. */
export function emptyBlock(firstStep: number, endStep: number): Block {
  const literals = new Uint32Array(LITERAL_SYMBOLS);
  literals[END_OF_BLOCK] = 1;
  return { firstStep, endStep, literals, distances: new Uint32Array(DISTANCE_SYMBOLS) };
}

function join(a: Block, b: Block): Block {
  const literals = sums(a.literals, b.literals);
  literals[END_OF_BLOCK] = 1;
  return { firstStep: a.firstStep, endStep: b.endStep, literals, distances: sums(a.distances, b.distances) };
}

function sums(a: Uint32Array, b: Uint32Array): Uint32Array {
  const result = new Uint32Array(a.length);
  for (let index = 0; index < a.length; index++) result[index] = (a[index] ?? 0) + (b[index] ?? 0);
  return result;
}

type Frequencies = Pick<Block, 'literals' | 'distances'>;

const NOTHING: Frequencies = { literals: new Uint32Array(LITERAL_SYMBOLS), distances: new Uint32Array(DISTANCE_SYMBOLS) };

/** Bits of both in one block, without extra bits, which do not depend on where blocks begin. */
function estimate(one: Frequencies, other: Frequencies): number {
  return HEADER_BITS + entropy(one.literals, other.literals) + entropy(one.distances, other.distances);
}

// Of the sums, without making them: most pairs are weighed and never joined.
function entropy(one: Uint32Array, other: Uint32Array): number {
  let total = 0;
  let bits = 0;
  for (let symbol = 0; symbol < one.length; symbol++) {
    const count = symbol === END_OF_BLOCK ? 1 : (one[symbol] ?? 0) + (other[symbol] ?? 0);
    if (count === 0) continue;
    total += count;
    bits += SYMBOL_BITS - (count < weights.length ? (weights[count] ?? 0) : count * log2(count));
  }
  return total === 0 ? 0 : bits + total * log2(total);
}

/** n log n of small numbers. */
const weights = Float64Array.from({ length: 1024 }, (_value, count) => (count === 0 ? 0 : count * log2(count)));
