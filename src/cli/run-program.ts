import { asProgram } from './as-program.ts';
import { runCommand } from './run-command.ts';

/** Runs the command that the words name, as this process. */
export function runProgram(words: readonly string[]): Promise<void> {
  return asProgram(() => runCommand(words));
}
