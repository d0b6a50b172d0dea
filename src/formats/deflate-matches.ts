// Finds earlier occurrences of what stands at each position: hash chains over three bytes, as in every DEFLATE encoder.
import { MAX_MATCH, MIN_MATCH, WINDOW } from './deflate-alphabet.ts';

const HASH_BITS = 16;

/** Matches of all positions: those of position p are the pairs from `starts[p]` to `starts[p + 1]`, longer ones later, each the nearest of its length. */
export interface Matches {
  readonly starts: Uint32Array;
  readonly lengths: Uint16Array;
  readonly distances: Uint16Array;
}

const head = new Int32Array(2 ** HASH_BITS);
let previous = new Int32Array(0);

/** Remembers the positions before the current one by the three bytes that stand there. A new one takes the tables of the one before. */
export class MatchFinder {
  readonly #bytes: Uint8Array;
  readonly #depth: number;
  readonly #head: Int32Array;
  readonly #previous: Int32Array;

  /** @param depth how many earlier positions with the same three bytes are looked at */
  constructor(bytes: Uint8Array, depth: number) {
    this.#bytes = bytes;
    this.#depth = depth;
    // Allocated once: a cluster of a thousand nodes compresses two thousand files. Only one finder is at work at any time.
    if (previous.length < bytes.length) previous = new Int32Array(2 * bytes.length);
    this.#head = head.fill(-1);
    this.#previous = previous;
  }

  /** Makes a position known to later ones. @returns the nearest earlier position with the same hash, or -1 */
  insert(position: number): number {
    const bytes = this.#bytes;
    if (position + MIN_MATCH > bytes.length) return -1;
    const three = ((bytes[position] ?? 0) << 16) | ((bytes[position + 1] ?? 0) << 8) | (bytes[position + 2] ?? 0);
    const hash = Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = this.#head[hash] ?? -1;
    this.#previous[position] = candidate;
    this.#head[hash] = position;
    return candidate;
  }

  /**
   * Calls `found` with each match that is longer than those nearer by.
   * @param first what `insert` returned
   */
  search(position: number, first: number, found: (length: number, distance: number) => void): void {
    const bytes = this.#bytes;
    const limit = Math.min(MAX_MATCH, bytes.length - position);
    const nearest = Math.max(0, position - WINDOW + 1);
    let best = MIN_MATCH - 1;
    let candidate = first;
    for (let left = this.#depth; left > 0 && candidate >= nearest; left--) {
      if (bytes[candidate + best] === bytes[position + best] && bytes[candidate] === bytes[position]) {
        let length = 1;
        while (length < limit && bytes[candidate + length] === bytes[position + length]) length++;
        if (length > best) {
          best = length;
          found(length, position - candidate);
          if (length === limit) return;
        }
      }
      candidate = this.#previous[candidate] ?? -1;
    }
  }
}

/** @param depth see MatchFinder */
export function findMatches(bytes: Uint8Array, depth: number): Matches {
  const finder = new MatchFinder(bytes, depth);
  const starts = new Uint32Array(bytes.length + 1);
  let lengths = new Uint16Array(2 * bytes.length + MAX_MATCH);
  let distances = new Uint16Array(lengths.length);
  let count = 0;
  const found = (length: number, distance: number) => {
    lengths[count] = length;
    distances[count] = distance;
    count++;
  };
  for (let position = 0; position < bytes.length; position++) {
    starts[position] = count;
    const first = finder.insert(position);
    if (first < 0) continue;
    if (count + MAX_MATCH > lengths.length) {
      lengths = grown(lengths);
      distances = grown(distances);
    }
    finder.search(position, first, found);
  }
  starts[bytes.length] = count;
  return { starts, lengths, distances };
}

function grown(array: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const larger = new Uint16Array(2 * array.length);
  larger.set(array);
  return larger;
}
