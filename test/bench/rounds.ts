// Two pieces of work side by side: A B A B in one run, so that whatever else the machine does meets both. Only ratios mean anything, pair by pair.

export interface Work {
  /** Not timed. */
  readonly prepare?: () => void;
  readonly run: () => void;
}

/** Of several runs. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface Comparison {
  /** Time of the first by time of the second. */
  readonly ratio: Spread;
  /** milliseconds */
  readonly first: Spread;
  /** milliseconds */
  readonly second: Spread;
}

/** The first pair warms caches and does not count. */
export function compare(first: Work, second: Work, rounds: number): Comparison {
  const pairs = Array.from({ length: rounds + 1 }, () => [timed(first), timed(second)] as const).slice(1);
  return {
    ratio: spreadOf(pairs.map(([one, other]) => one / other)),
    first: spreadOf(pairs.map(([one]) => one)),
    second: spreadOf(pairs.map(([, other]) => other)),
  };
}

function timed({ prepare, run }: Work): number {
  prepare?.();
  const start = performance.now();
  run();
  return performance.now() - start;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { median: at(sorted.length >> 1), least: at(0), most: at(sorted.length - 1) };
}
