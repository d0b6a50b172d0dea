import type { Reporter } from './command.ts';

const PATIENCE_MS = 1000;

export interface ProgressLine extends Reporter {
  /** Clears the line; to be called before anything else is printed. */
  stop(): void;
}

/** One line on the terminal that says what is being done, once it takes longer than a second. */
export function progressLine(settings: { readonly quiet: boolean; readonly verbose: boolean }): ProgressLine {
  let doing = '';
  let shown = false;
  const start = performance.now();
  const clear = () => {
    if (shown) process.stderr.write('\r\x1b[K');
    shown = false;
  };
  const show = () => {
    if (doing === '') return;
    process.stderr.write(`\r\x1b[K${doing} … ${Math.floor((performance.now() - start) / 1000)} s`);
    shown = true;
  };
  // unref: a line about work must not keep the program alive
  const timer = process.stderr.isTTY === true && !settings.quiet ? setInterval(show, PATIENCE_MS).unref() : undefined;
  return {
    progress(text) {
      doing = text;
      if (shown) show();
    },
    detail(line) {
      if (!settings.verbose) return;
      clear();
      process.stderr.write(`${line}\n`);
    },
    stop() {
      clearInterval(timer);
      clear();
      doing = '';
    },
  };
}
