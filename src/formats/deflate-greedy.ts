// The quickest way to find matches: one candidate for each position, taken at once. It is one loop without calls, since a build compresses so little
// that most of its time is the engine's, which reads, compiles and optimises what runs.
import { distanceSymbol, FIRST_LENGTH_SYMBOL, LENGTH_INDEX, MAX_MATCH, WINDOW } from './deflate-alphabet.ts';
import { type Block, emptyBlock } from './deflate-blocks.ts';
import { newSteps, type Steps } from './deflate-parse.ts';

const HASH_BITS = 15;
const MULTIPLIER = 0x9e3779b1;
/** Bytes that are looked up, and compared, at once: shorter matches save little and hide longer ones. */
const WORD = 4;
/** Positions before the end of a match that later ones may find. */
const LEARNED = 16;

/** Allocated once: a cluster of a thousand nodes compresses two thousand files. Holds the last position of each hash, plus one. */
const last = new Int32Array(2 ** HASH_BITS);
/** Allocated when a larger input comes: new pages cost more than what is written there. */
let scratch = newSteps(0);

/** The first match that comes, at each place. All steps are one block. @returns what is good until the next call */
export function parseGreedily(bytes: Uint8Array): { readonly steps: Steps; readonly block: Block } {
  const size = bytes.length;
  if (scratch.lengths.length < size) scratch = newSteps(2 * size);
  const { lengths, distances } = scratch;
  const block = emptyBlock(0, 0);
  const literals = block.literals;
  const fars = block.distances;
  const words = new DataView(bytes.buffer, bytes.byteOffset, size);
  last.fill(0);
  let count = 0;
  let position = 0;
  for (const end = size - WORD; position <= end; count++) {
    const word = words.getInt32(position, true);
    const hash = Math.imul(word, MULTIPLIER) >>> (32 - HASH_BITS);
    const candidate = (last[hash] ?? 0) - 1;
    last[hash] = position + 1;
    if (candidate < 0 || position - candidate > WINDOW || words.getInt32(candidate, true) !== word) {
      const literal = word & 0xff;
      literals[literal] = (literals[literal] ?? 0) + 1;
      lengths[count] = 1;
      distances[count] = 0;
      position++;
      continue;
    }
    const limit = Math.min(MAX_MATCH, size - position);
    const distance = position - candidate;
    let length = WORD;
    while (length + WORD <= limit && words.getInt32(candidate + length, true) === words.getInt32(position + length, true)) length += WORD;
    while (length < limit && bytes[candidate + length] === bytes[position + length]) length++;
    const symbol = FIRST_LENGTH_SYMBOL + (LENGTH_INDEX[length] ?? 0);
    const far = distanceSymbol(distance);
    literals[symbol] = (literals[symbol] ?? 0) + 1;
    fars[far] = (fars[far] ?? 0) + 1;
    lengths[count] = length;
    distances[count] = distance;
    // what a match covers is worth finding too, but for the most of a long one
    const behind = position + length;
    const known = Math.min(behind, end + 1);
    for (position = Math.max(position + 1, behind - LEARNED); position < known; position++)
      last[Math.imul(words.getInt32(position, true), MULTIPLIER) >>> (32 - HASH_BITS)] = position + 1;
    position = behind;
  }
  for (; position < size; position++, count++) {
    const literal = bytes[position] ?? 0;
    literals[literal] = (literals[literal] ?? 0) + 1;
    lengths[count] = 1;
    distances[count] = 0;
  }
  return { steps: { count, lengths, distances }, block: { ...block, endStep: count } };
}
