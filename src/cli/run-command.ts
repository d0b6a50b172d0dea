import { clockProblems } from '../clock.ts';
import { hasErrors, type Problem } from '../problem.ts';
import { fileSystemProblem } from '../write/file-system-problem.ts';
import type { Outcome } from './command.ts';
import { displayPath } from './display-path.ts';
import { commandHelp } from './help-text.ts';
import { type ParsedLine, parseArguments } from './parse-arguments.ts';
import { progressLine } from './progress-line.ts';
import { useColor, writeError, writeResult } from './streams.ts';
import { counted } from './table.ts';
import { UsageError } from './usage-error.ts';

const EXIT = { done: 0, problem: 1, usage: 2, answeredYes: 3 } as const;

/** Runs one command line and prints what the command leaves. @returns the exit code. @throws for bugs only */
export async function runCommand(words: readonly string[]): Promise<number> {
  let line: ParsedLine;
  try {
    line = parseArguments(words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return reportUsage(error, words);
  }
  const { command, invocation, help } = line;
  if (help) {
    await writeResult(commandHelp(command));
    return EXIT.done;
  }
  const quiet = invocation.flags.has('quiet');
  const reporter = progressLine({ quiet, verbose: invocation.flags.has('verbose') });
  let outcome: Outcome;
  try {
    const wrongClock = clockProblems();
    outcome = wrongClock.length > 0 ? { problems: wrongClock } : await command.run(invocation, reporter);
  } catch (error) {
    if (error instanceof UsageError) return reportUsage(new UsageError(error.message, command.words.join(' ')), words);
    outcome = { problems: [knownFault(error)], ...(command.writes === true && { afterword: 'Whatever was there before is whole.' }) };
  } finally {
    reporter.stop();
  }
  const format = invocation.values.get('output') ?? 'table';
  const problems = outcome.problems ?? [];
  try {
    await printProblems(problems, outcome, useColor(invocation.values.get('color') ?? 'auto'));
    if (hasErrors(problems)) {
      if (format !== 'table') await writeResult(await problemList(problems, outcome, format));
      return EXIT.problem;
    }
    await writeResult(await resultText(outcome, format));
  } catch (error) {
    await printProblems([knownFault(error)], {}, false);
    return EXIT.problem;
  }
  if (process.stderr.isTTY === true && !quiet) await writeError(asideText(outcome));
  return outcome.answeredYes === true ? EXIT.answeredYes : EXIT.done;
}

function knownFault(error: unknown): Problem {
  const problem = fileSystemProblem(error, displayPath);
  if (problem === undefined) throw error;
  return problem;
}

async function printProblems(problems: readonly Problem[], outcome: Outcome, color: boolean): Promise<void> {
  if (problems.length === 0) return;
  const { renderProblems } = await import('../render-problems.ts');
  await writeError(renderProblems(problems, outcome.files ?? new Map(), { color }) + summaryLine(problems, outcome.afterword));
}

/** `2 errors, 1 warning. Nothing was written.`; nothing for warnings alone, since the result follows. */
function summaryLine(problems: readonly Problem[], afterword: string | undefined): string {
  const errors = problems.filter(problem => problem.severity === 'error').length;
  if (errors === 0) return '';
  const warnings = problems.length - errors;
  const counts = [counted(errors, 'error'), ...(warnings > 0 ? [counted(warnings, 'warning')] : [])];
  return `${counts.join(', ')}.${afterword === undefined ? '' : ` ${afterword}`}\n`;
}

async function problemList(problems: readonly Problem[], outcome: Outcome, format: string): Promise<string> {
  const { problemsAsJson } = await import('../render-problems.ts');
  return serialised(problemsAsJson(problems, outcome.files ?? new Map()), format);
}

async function resultText(outcome: Outcome, format: string): Promise<string> {
  return format === 'table' || outcome.data === undefined ? (outcome.text ?? '') : serialised(outcome.data, format);
}

async function serialised(data: object, format: string): Promise<string> {
  if (format === 'json') return `${JSON.stringify(data, null, 2)}\n`;
  const { dumpYaml } = await import('../formats/yaml.ts');
  // through JSON, so that both formats show the same: YAML has no word for an absent value
  return dumpYaml(JSON.parse(JSON.stringify(data)));
}

function asideText(outcome: Outcome): string {
  const notes = (outcome.notes ?? []).map(note => `${note}\n`);
  const next = (outcome.next ?? []).map((step, index) => `${index === 0 ? 'Next:  ' : '       '}${step}\n`);
  return [...notes, ...next].join('');
}

/** One short line and a pointer: a page of help would hide it. */
async function reportUsage(error: UsageError, words: readonly string[]): Promise<number> {
  const help = ['kubekiln', error.command, '--help'].filter(Boolean).join(' ');
  await writeError(`kubekiln: ${error.message}\nSee ${help}\n`);
  const format = /(?:^|\0)(?:-o|--output)[\0=]?(json|yaml)(?:\0|$)/.exec(words.join('\0'))?.[1];
  if (format !== undefined) {
    const problem: Problem = { severity: 'error', code: 'usage', path: [], message: error.message, hint: help };
    await writeResult(await problemList([problem], {}, format));
  }
  return EXIT.usage;
}
