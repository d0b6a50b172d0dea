// Length-limited Huffman codes (package-merge: Larmore and Hirschberg, 1990) and their canonical bits (RFC 1951, 3.2.2).

/**
 * Lengths of an optimal prefix code in which none exceeds `limit`; 0 where the frequency is 0. At least two symbols get a code, since some decoders
 * reject trees of one.
 */
export function codeLengths(frequencies: Uint32Array, limit: number): Uint8Array {
  const lengths = new Uint8Array(frequencies.length);
  const used = symbolsInUse(frequencies);
  const weight = (symbol: number) => Math.max(1, frequencies[symbol] ?? 0);
  const leaves = used.toSorted((a, b) => weight(a) - weight(b) || a - b);
  const leafWeights = leaves.map(weight);
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

function symbolsInUse(frequencies: Uint32Array): readonly number[] {
  const used: number[] = [];
  frequencies.forEach((frequency, symbol) => {
    if (frequency > 0) used.push(symbol);
  });
  for (let symbol = 0; used.length < 2; symbol++) if (!used.includes(symbol)) used.push(symbol);
  return used;
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
