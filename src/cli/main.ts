#!/usr/bin/env node
// The program: words in, exit code out. Help and version answer before the parser is loaded; everything else loads what it needs.
import { writeSync } from 'node:fs';
import { undoAll } from '../write/cleanup.ts';
import { BUG_EXIT_CODE, bugReport } from './bug-report.ts';
import { exitOnSignals } from './interruption.ts';
import { quickAnswer } from './quick-answer.ts';
import { watchStreams, writeError, writeResult } from './streams.ts';

async function main(words: readonly string[]): Promise<number> {
  const answer = await quickAnswer(words);
  if (answer !== undefined) {
    await writeResult(answer);
    return 0;
  }
  const { runCommand } = await import('./run-command.ts');
  return runCommand(words);
}

/** For what no promise of ours carries: an error in a timer or an event. */
function exitOnStrayErrors(): void {
  process.once('uncaughtException', error => {
    undoAll();
    writeSync(process.stderr.fd, bugReport(error));
    process.exit(BUG_EXIT_CODE);
  });
}

watchStreams();
exitOnSignals();
exitOnStrayErrors();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = BUG_EXIT_CODE;
  await writeError(bugReport(error));
}
