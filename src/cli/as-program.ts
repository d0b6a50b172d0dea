import { writeSync } from 'node:fs';
import { undoAll } from '../write/cleanup.ts';
import { BUG_EXIT_CODE, bugReport } from './bug-report.ts';
import { exitOnSignals } from './interruption.ts';
import { watchStreams, writeError } from './streams.ts';

/** Does the work of this process, whose exit code it gives: streams and signals are watched, and what it throws is reported as a bug. */
export async function asProgram(work: () => Promise<number>): Promise<void> {
  watchStreams();
  exitOnSignals();
  exitOnStrayErrors();
  try {
    process.exitCode = await work();
  } catch (error) {
    await exitWithBug(error);
  }
}

export async function exitWithBug(error: unknown): Promise<void> {
  process.exitCode = BUG_EXIT_CODE;
  await writeError(bugReport(error));
}

/** For what no promise of ours carries: an error in a timer or an event. */
function exitOnStrayErrors(): void {
  process.once('uncaughtException', error => {
    undoAll();
    writeSync(process.stderr.fd, bugReport(error));
    process.exit(BUG_EXIT_CODE);
  });
}
