/** Maps with at most `limit` promises in flight, results in the order of the items: keeps the thread pool busy without piling up keys. */
export async function mapInFlight<T, R>(items: readonly T[], limit: number, map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  // One iterator shared by all lanes: each takes the next item as soon as it is free, however long RSA keys take.
  const entries = items.entries();
  const lane = async () => {
    for (const [index, item] of entries) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
