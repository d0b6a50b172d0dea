/** Waits `milliseconds`. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}

export interface Patience {
  /** milliseconds, default 60 s */
  readonly timeout?: number;
  /** milliseconds between two attempts, default 200 */
  readonly every?: number;
  /** What stood in the way, for the error's text. */
  readonly explain?: () => Promise<string>;
}

/** Repeats `attempt` until it returns something other than undefined or false. @throws with `what` and the last error when time is up. */
export async function eventually<T>(what: string, attempt: () => Promise<T | undefined | false>, patience: Patience = {}): Promise<T> {
  const { timeout = 60_000, every = 200 } = patience;
  const end = performance.now() + timeout;
  let lastError: unknown;
  do {
    try {
      const result = await attempt();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      lastError = error;
    }
    await sleep(every);
  } while (performance.now() < end);
  const reason = lastError instanceof Error ? `\nlast error: ${lastError.message}` : '';
  const explanation = patience.explain === undefined ? '' : `\n${await patience.explain()}`;
  throw new Error(`not within ${timeout / 1000} s: ${what}${reason}${explanation}`);
}

/** `12.3 s` */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
