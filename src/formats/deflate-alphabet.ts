// The alphabets of DEFLATE (RFC 1951, 3.2.5): which symbol, and how many extra bits, a length or a distance takes.
export const MIN_MATCH = 3;
export const MAX_MATCH = 258;
export const WINDOW = 32_768;
export const END_OF_BLOCK = 256;
export const FIRST_LENGTH_SYMBOL = 257;
/** Literals, end of block, lengths. */
export const LITERAL_SYMBOLS = 286;
export const DISTANCE_SYMBOLS = 30;

const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

/** Extra bits and first value of each symbol of an alphabet. */
export interface Ranges {
  readonly extra: Uint8Array;
  readonly base: Uint16Array;
}

function ranges(extra: readonly number[], first: number): Ranges {
  const base = new Uint16Array(extra.length);
  let value = first;
  extra.forEach((bits, index) => {
    base[index] = value;
    value += 2 ** bits;
  });
  return { extra: Uint8Array.from(extra), base };
}

/** By symbol - FIRST_LENGTH_SYMBOL. */
export const LENGTHS = ranges(LENGTH_EXTRA, MIN_MATCH);
// 258 has a symbol of its own without extra bits
LENGTHS.base[LENGTH_EXTRA.length - 1] = MAX_MATCH;
/** By symbol. */
export const DISTANCES = ranges(DISTANCE_EXTRA, 1);

/** Index into LENGTHS by length. */
export const LENGTH_INDEX = new Uint8Array(MAX_MATCH + 1);
for (let length = MIN_MATCH, index = 0; length <= MAX_MATCH; length++) {
  while (index + 1 < LENGTH_EXTRA.length && length >= (LENGTHS.base[index + 1] ?? 0)) index++;
  LENGTH_INDEX[length] = index;
}

/** Distance symbols of the short distances, by distance - 1; longer ones by (distance - 1) >> 7 from 256 on, as zlib keeps them. */
const DISTANCE_INDEX = new Uint8Array(512);
for (let distance = 1, index = 0; distance <= WINDOW; distance++) {
  while (index + 1 < DISTANCE_EXTRA.length && distance >= (DISTANCES.base[index + 1] ?? 0)) index++;
  DISTANCE_INDEX[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)] = index;
}

/** Symbol of a distance from 1 to 32,768. */
export function distanceSymbol(distance: number): number {
  return DISTANCE_INDEX[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)] ?? 0;
}
