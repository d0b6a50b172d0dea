// DEFLATE (RFC 1951) as a function of the input alone. Node's zlib will not do: nodejs.org's builds hold Chromium's, those of distributions the system's
// zlib or zlib-ng, and their output differs. It is also smaller: blocks follow the kind of content, and the parse is optimal under the final codes, as
// in zopfli; that saves 5 % of a user-data, which decides whether it fits AWS.
import { type Block, splitBlocks } from './deflate-blocks.ts';
import { parseGreedily } from './deflate-greedy.ts';
import { findMatches } from './deflate-matches.ts';
import { costsOf, parseLazily, parseOptimally, type Region, type Steps } from './deflate-parse.ts';
import { BitWriter, writeBlock } from './deflate-writer.ts';

/** `quick` makes files 13 % larger than gzip -6 does, `good` about as large, `smallest` 5 % smaller. Each takes several times as long as the one before. */
export type Effort = 'quick' | 'good' | 'smallest';

/** How many earlier positions with the same three bytes are looked at. */
const GOOD_DEPTH = 12;
const FULL_DEPTH = 128;
/** Rounds of parsing under the costs of the round before; more of them gain a few bytes only. */
const ROUNDS = 2;

export function deflate(bytes: Uint8Array, effort: Effort): Uint8Array {
  if (effort === 'quick') {
    const { steps, block } = parseGreedily(bytes);
    return encode(bytes, steps, [block]);
  }
  let steps = parseLazily(bytes, GOOD_DEPTH);
  let blocks = splitBlocks(bytes, steps);
  let best = encode(bytes, steps, blocks);
  if (effort === 'good') return best;
  const matches = findMatches(bytes, FULL_DEPTH);
  for (let round = 0; round < ROUNDS; round++) {
    steps = parseOptimally(bytes, matches, regionsOf(steps, blocks));
    blocks = splitBlocks(bytes, steps);
    const encoded = encode(bytes, steps, blocks);
    if (encoded.length < best.length) best = encoded;
  }
  return best;
}

function encode(bytes: Uint8Array, steps: Steps, blocks: readonly Block[]): Uint8Array {
  const out = new BitWriter(1024);
  blocks.reduce((position, block, index) => writeBlock(out, bytes, steps, block, position, index === blocks.length - 1), 0);
  return out.finish();
}

/** What symbols cost in each block, by the bytes that it covers. */
function regionsOf(steps: Steps, blocks: readonly Block[]): readonly Region[] {
  let end = 0;
  return blocks.map(({ firstStep, endStep, literals, distances }) => {
    for (let step = firstStep; step < endStep; step++) end += steps.lengths[step] ?? 1;
    return { end, costs: costsOf(literals, distances) };
  });
}
