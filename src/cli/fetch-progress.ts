import type { FetchWatcher } from '../fetch/fetch-artifacts.ts';
import type { Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { bytesText } from './fetch-report.ts';

export interface FetchProgress extends FetchWatcher {
  /** Bytes that came over the network. */
  readonly received: number;
}

/** How much came, and how many of how many, on the line of progress; each thing that is done, with --verbose. */
export function fetchProgress(reporter: Reporter, total: number): FetchProgress {
  let received = 0;
  let done = 0;
  const show = () => reporter.progress(`fetching: ${done} of ${total} there, ${bytesText(received)} received`);
  show();
  return {
    get received() {
      return received;
    },
    bytes(count) {
      received += count;
      show();
    },
    reading: path => reporter.progress(`reading ${displayPath(path)}`),
    done(name, present) {
      done++;
      show();
      reporter.detail(`${present ? 'in the store' : 'fetched'}: ${name}`);
    },
  };
}
