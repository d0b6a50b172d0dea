/** The items mapped one at a time, and anew on each pass: what a pass lets go of is held by nobody. */
export function mapLazily<T, R>(items: Iterable<T>, map: (item: T) => R): Iterable<R> {
  return {
    *[Symbol.iterator]() {
      for (const item of items) yield map(item);
    },
  };
}
