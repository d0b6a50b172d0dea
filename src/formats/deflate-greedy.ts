// The quickest way to find matches: one candidate for each position, taken at once. It is one loop without calls, since a build compresses so little
// that most of its time is the engine's, which reads, compiles and optimises what runs.
import { distanceSymbol, FIRST_LENGTH_SYMBOL, LENGTH_INDEX, MAX_MATCH, WINDOW } from './deflate-alphabet.ts';
import { type Block, emptyBlock } from './deflate-blocks.ts';
import { newSteps, type Steps } from './deflate-parse.ts';

const HASH_BITS = 15;
/** Shorter ones save little and hide longer ones. */
const SHORTEST = 4;
/** Positions before the end of a match that later ones may find. */
const LEARNED = 16;

/** Allocated once: a cluster of a thousand nodes compresses two thousand files. Holds the last position of each hash, plus one. */
const last = new Int32Array(2 ** HASH_BITS);

/** The first match that comes, at each place. All steps are one block. */
export function parseGreedily(bytes: Uint8Array): { readonly steps: Steps; readonly block: Block } {
  const size = bytes.length;
  const { lengths, distances } = newSteps(size);
  const block = emptyBlock(0, 0);
  const literals = block.literals;
  const fars = block.distances;
  last.fill(0);
  let count = 0;
  let position = 0;
  for (const end = size - SHORTEST; position <= end; count++) {
    const four =
      (bytes[position] ?? 0) | ((bytes[position + 1] ?? 0) << 8) | ((bytes[position + 2] ?? 0) << 16) | ((bytes[position + 3] ?? 0) << 24);
    const hash = Math.imul(four, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = (last[hash] ?? 0) - 1;
    last[hash] = position + 1;
    let length = 0;
    if (candidate >= 0 && position - candidate <= WINDOW) {
      const limit = Math.min(MAX_MATCH, size - position);
      while (length < limit && bytes[candidate + length] === bytes[position + length]) length++;
    }
    if (length < SHORTEST) {
      const literal = four & 0xff;
      literals[literal] = (literals[literal] ?? 0) + 1;
      lengths[count] = 1;
      position++;
      continue;
    }
    const distance = position - candidate;
    const symbol = FIRST_LENGTH_SYMBOL + (LENGTH_INDEX[length] ?? 0);
    const far = distanceSymbol(distance);
    literals[symbol] = (literals[symbol] ?? 0) + 1;
    fars[far] = (fars[far] ?? 0) + 1;
    lengths[count] = length;
    distances[count] = distance;
    // what a match covers is worth finding too, but for the most of a long one
    const behind = position + length;
    for (let known = Math.max(position + 1, behind - LEARNED); known < behind && known <= end; known++) {
      const learned =
        (bytes[known] ?? 0) | ((bytes[known + 1] ?? 0) << 8) | ((bytes[known + 2] ?? 0) << 16) | ((bytes[known + 3] ?? 0) << 24);
      last[Math.imul(learned, 0x9e3779b1) >>> (32 - HASH_BITS)] = known + 1;
    }
    position = behind;
  }
  for (; position < size; position++, count++) {
    const literal = bytes[position] ?? 0;
    literals[literal] = (literals[literal] ?? 0) + 1;
    lengths[count] = 1;
  }
  return { steps: { count, lengths, distances }, block: { ...block, endStep: count } };
}
