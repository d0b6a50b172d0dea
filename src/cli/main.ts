#!/usr/bin/env node
// The program: words in, exit code out. Help and version answer before anything else is loaded.
import { asProgram, exitWithBug } from './as-program.ts';
import { quickAnswer } from './quick-answer.ts';
import { writeResult } from './streams.ts';

async function main(words: readonly string[]): Promise<void> {
  const answer = await quickAnswer(words);
  if (answer === undefined) {
    const { runProgram } = await import('./run-program.ts');
    return runProgram(words);
  }
  return asProgram(async () => {
    await writeResult(answer);
    return 0;
  });
}

// a program that cannot even be loaded
main(process.argv.slice(2)).catch(exitWithBug);
