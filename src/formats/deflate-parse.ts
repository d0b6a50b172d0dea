// Chooses how to spell the input as literals and matches.
import { DISTANCES, distanceSymbol, LENGTH_INDEX, LENGTHS, MAX_MATCH, MIN_MATCH } from './deflate-alphabet.ts';
import { type Matches, MatchFinder } from './deflate-matches.ts';

/** The input as steps: a literal (length 1, distance 0) or a match. */
export interface Steps {
  readonly count: number;
  readonly lengths: Uint16Array;
  readonly distances: Uint16Array;
}

/** What each symbol costs, in units that a whole parse shares. */
export interface Costs {
  /** Literals by byte. */
  readonly literals: Float64Array;
  /** Matches by length, extra bits included. */
  readonly lengths: Float64Array;
  /** By distance symbol, extra bits included. */
  readonly distances: Float64Array;
}

/** A bound on bytes, exclusive, and what symbols cost below it. */
export interface Region {
  readonly end: number;
  readonly costs: Costs;
}

/** A short match far away costs more than its literals. */
const FAR = 4096;
/** Matches that are long enough are taken whole: looking at each of their beginnings costs time and saves next to nothing. */
const LONG = 48;

/** The longest match at each place, or a literal when a longer one begins at the next byte (zlib's way). */
export function parseLazily(bytes: Uint8Array, depth: number): Steps {
  const size = bytes.length;
  const finder = new MatchFinder(bytes, depth);
  const steps = newSteps(size);
  let count = 0;
  let [length, distance] = [0, 0];
  const found = (longer: number, away: number) => {
    if (longer === MIN_MATCH && away > FAR) return;
    length = longer;
    distance = away;
  };
  const look = (position: number) => {
    length = 0;
    const first = finder.insert(position);
    if (first >= 0) finder.search(position, first, found);
  };
  if (size > 0) look(0);
  for (let position = 0; position < size; count++) {
    const [here, away] = [length, distance];
    let next = position + 1;
    if (next < size && here < LONG) look(next);
    else finder.insert(next);
    const match = here >= MIN_MATCH && (here >= LONG || length <= here);
    steps.lengths[count] = match ? here : 1;
    steps.distances[count] = match ? away : 0;
    if (match) {
      for (next++; next < position + here; next++) finder.insert(next);
      position += here;
      if (position < size) look(position);
    } else position++;
  }
  return { ...steps, count };
}

/** The cheapest spelling under given costs: a shortest path from the first byte to the last. */
export function parseOptimally(bytes: Uint8Array, matches: Matches, regions: readonly Region[]): Steps {
  const size = bytes.length;
  const cost = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY);
  const lengths = new Uint16Array(size + 1);
  const distances = new Uint16Array(size + 1);
  cost[0] = 0;
  let start = 0;
  for (const { end, costs } of regions) {
    for (let position = start; position < end; position++) {
      const here = cost[position] ?? 0;
      const literal = here + (costs.literals[bytes[position] ?? 0] ?? 0);
      if (literal < (cost[position + 1] ?? 0)) {
        cost[position + 1] = literal;
        lengths[position + 1] = 1;
        distances[position + 1] = 0;
      }
      let length = MIN_MATCH;
      const last = matches.starts[position + 1] ?? 0;
      for (let match = matches.starts[position] ?? 0; match < last; match++) {
        const distance = matches.distances[match] ?? 0;
        const reach = here + (costs.distances[distanceSymbol(distance)] ?? 0);
        const longest = matches.lengths[match] ?? 0;
        if (longest >= LONG) length = longest;
        for (; length <= longest; length++) {
          const total = reach + (costs.lengths[length] ?? 0);
          if (total < (cost[position + length] ?? 0)) {
            cost[position + length] = total;
            lengths[position + length] = length;
            distances[position + length] = distance;
          }
        }
      }
    }
    start = end;
  }
  return walkBack(size, lengths, distances);
}

function walkBack(size: number, lengths: Uint16Array, distances: Uint16Array): Steps {
  let count = 0;
  for (let position = size; position > 0; position -= lengths[position] ?? 1) count++;
  const steps = newSteps(count);
  for (let position = size, step = count - 1; position > 0; position -= lengths[position] ?? 1, step--) {
    steps.lengths[step] = lengths[position] ?? 1;
    steps.distances[step] = distances[position] ?? 0;
  }
  return { ...steps, count };
}

/** All of them literals, to be filled. */
export function newSteps(capacity: number): Steps {
  return { count: 0, lengths: new Uint16Array(capacity), distances: new Uint16Array(capacity) };
}

const FRACTION_BITS = 12;

/** Costs from frequencies: the information that a symbol carries. Unseen ones cost as if they had been seen once. */
export function costsOf(literals: Uint32Array, distances: Uint32Array): Costs {
  const bits = informationOf(literals);
  const distanceBits = informationOf(distances);
  const lengths = new Float64Array(MAX_MATCH + 1);
  for (let length = MIN_MATCH; length <= MAX_MATCH; length++) {
    const index = LENGTH_INDEX[length] ?? 0;
    lengths[length] = (bits[257 + index] ?? 0) + (LENGTHS.extra[index] ?? 0);
  }
  return { literals: bits, lengths, distances: distanceBits.map((value, symbol) => value + (DISTANCES.extra[symbol] ?? 0)) };
}

function informationOf(frequencies: Uint32Array): Float64Array {
  const whole = log2(
    Math.max(
      1,
      frequencies.reduce((sum, value) => sum + value, 0),
    ),
  );
  return Float64Array.from(frequencies, value => whole - log2(Math.max(1, value)));
}

/** Binary logarithm by multiplication alone: Math.log2 may be rounded differently elsewhere, and then bytes would differ. */
export function log2(value: number): number {
  const whole = 31 - Math.clz32(value);
  let rest = value / 2 ** whole;
  let result = whole;
  for (let bit = 1; bit <= FRACTION_BITS; bit++) {
    rest *= rest;
    if (rest < 2) continue;
    rest /= 2;
    result += 2 ** -bit;
  }
  return result;
}
