/** Enough for what the nodes of a cluster share, little beside what one node takes. */
const LIMIT = 256;

/**
 * `work`, whose last results are kept: the nodes of a cluster have most of their files in common.
 * @param keyOf tells inputs apart that give different results
 */
export function remembered<Input>(work: (input: Input) => string, keyOf: (input: Input) => string): (input: Input) => string {
  const results = new Map<string, string>();
  return input => {
    const key = keyOf(input);
    const result = results.get(key) ?? work(input);
    // what was wanted last is the last to go
    results.delete(key);
    results.set(key, result);
    if (results.size > LIMIT) results.delete(results.keys().next().value ?? key);
    return result;
  };
}
