// Length-limited Huffman codes and their canonical bits (RFC 1951, 3.2.2).

/** Keys of the sort below: weight times this, plus the symbol. */
const SYMBOLS = 512;

/**
 * Lengths of an optimal prefix code in which none exceeds `limit`; 0 where the frequency is 0. At least two symbols get a code, since some decoders
 * reject trees of one.
 */
export function codeLengths(frequencies: Uint32Array, limit: number): Uint8Array {
  const { symbols, weights } = sortedLeaves(frequencies);
  const lengths = new Uint8Array(frequencies.length);
  const depths = huffmanDepths(weights);
  // the rarest symbol lies deepest
  if ((depths[0] ?? 0) > limit) return packageMerge(lengths, [...symbols], [...weights], limit);
  for (let leaf = 0; leaf < symbols.length; leaf++) lengths[symbols[leaf] ?? 0] = depths[leaf] ?? 0;
  return lengths;
}

interface Leaves {
  readonly symbols: Uint16Array;
  readonly weights: Uint32Array;
}

/** The symbols in use, rarest first. */
function sortedLeaves(frequencies: Uint32Array): Leaves {
  const keys = new Float64Array(Math.max(2, frequencies.length));
  let count = 0;
  for (let symbol = 0; symbol < frequencies.length; symbol++) {
    const frequency = frequencies[symbol] ?? 0;
    if (frequency > 0) keys[count++] = frequency * SYMBOLS + symbol;
  }
  for (let symbol = 0; count < 2; symbol++) if ((frequencies[symbol] ?? 0) === 0) keys[count++] = SYMBOLS + symbol;
  const sorted = keys.subarray(0, count).sort();
  const symbols = new Uint16Array(count);
  const weights = new Uint32Array(count);
  for (let leaf = 0; leaf < count; leaf++) {
    const key = sorted[leaf] ?? 0;
    symbols[leaf] = key % SYMBOLS;
    weights[leaf] = Math.floor(key / SYMBOLS);
  }
  return { symbols, weights };
}

/** Depth of each leaf in Huffman's tree: the two lightest of leaves and trees become one, until one is left. Trees are made in the order of their weights. */
function huffmanDepths(weights: Uint32Array): Uint8Array {
  const leaves = weights.length;
  const all = 2 * leaves - 1;
  const weight = new Float64Array(all);
  weight.set(weights);
  const parent = new Uint16Array(all);
  let leaf = 0;
  let tree = leaves;
  for (let next = leaves; next < all; next++) {
    for (let side = 0; side < 2; side++) {
      const child = leaf < leaves && (tree === next || (weight[leaf] ?? 0) <= (weight[tree] ?? 0)) ? leaf++ : tree++;
      weight[next] = (weight[next] ?? 0) + (weight[child] ?? 0);
      parent[child] = next;
    }
  }
  const depths = new Uint8Array(all);
  for (let node = all - 2; node >= 0; node--) depths[node] = (depths[parent[node] ?? 0] ?? 0) + 1;
  return depths;
}

/** Larmore and Hirschberg, 1990: a fast algorithm for optimal length-limited Huffman codes. It is slower than Huffman's, and rarely needed. */
function packageMerge(lengths: Uint8Array, leaves: readonly number[], leafWeights: readonly number[], limit: number): Uint8Array {
  // Each item is a leaf (>= 0) or the package ~index of two items of the level below.
  let items: number[] = [];
  let weights: number[] = [];
  const levels: number[][] = [];
  for (let level = 0; level < limit; level++) {
    const packages: number[] = [];
    for (let index = 0; index + 1 < weights.length; index += 2) packages.push((weights[index] ?? 0) + (weights[index + 1] ?? 0));
    ({ items, weights } = merge(leaves, leafWeights, packages));
    levels.push(items);
  }
  let take = 2 * leaves.length - 2;
  for (const level of levels.toReversed()) {
    let packages = 0;
    for (const item of level.slice(0, take)) {
      if (item < 0) packages++;
      else lengths[item] = (lengths[item] ?? 0) + 1;
    }
    take = 2 * packages;
  }
  return lengths;
}

function merge(
  leaves: readonly number[],
  leafWeights: readonly number[],
  packages: readonly number[],
): { items: number[]; weights: number[] } {
  const items: number[] = [];
  const weights: number[] = [];
  for (let leaf = 0, pack = 0; leaf < leaves.length || pack < packages.length; ) {
    const weight = leafWeights[leaf];
    const packed = packages[pack];
    if (weight !== undefined && (packed === undefined || weight <= packed)) {
      items.push(leaves[leaf] ?? 0);
      weights.push(weight);
      leaf++;
    } else {
      items.push(~pack);
      weights.push(packed ?? 0);
      pack++;
    }
  }
  return { items, weights };
}

/** The code of each symbol with its bits reversed, as DEFLATE writes them. */
export function canonicalCodes(lengths: Uint8Array): Uint16Array {
  const count = new Uint16Array(17);
  for (const length of lengths) count[length] = (count[length] ?? 0) + 1;
  count[0] = 0;
  const next = new Uint16Array(17);
  for (let bits = 1; bits <= 16; bits++) next[bits] = ((next[bits - 1] ?? 0) + (count[bits - 1] ?? 0)) << 1;
  const codes = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    const code = next[length] ?? 0;
    next[length] = code + 1;
    codes[symbol] = reversed(code, length);
  });
  return codes;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit);
  return result;
}
