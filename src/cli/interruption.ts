import { undoAll } from '../write/cleanup.ts';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Ends the program on a signal: removes what is half-written and leaves the old output whole. What replaces it is two renames without a pause
 * between them, so a signal falls before or after both.
 */
export function exitOnSignals(): void {
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    process.once(signal, () => {
      undoAll();
      process.exit(code);
    });
  }
}
