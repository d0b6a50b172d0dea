// What a command is: data that parser, help texts and completion scripts read, and one function. This module and the command files import
// nothing heavy: `--help` must answer at once, so each `run` loads what it needs when it runs.
import type { Problem } from '../problem.ts';
import type { SourceFile } from '../source-text.ts';

export interface OptionSpec {
  /** Without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** `flag` takes no value; `value` one, once; `list` may be repeated and takes commas. */
  readonly kind: 'flag' | 'value' | 'list';
  /** How help and completion name the value, e.g. `DIR`. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Half a sentence for the help text. */
  readonly about: string;
}

export interface ArgumentSpec {
  /** In capitals, e.g. `FILE`. */
  readonly name: string;
  readonly required: boolean;
  readonly many: boolean;
  readonly choices?: readonly string[];
}

/** The words of the command line, checked against the command's specification. */
export interface Invocation {
  readonly positionals: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

/** What a command may tell while it works; all of it goes to stderr. */
export interface Reporter {
  /** What is being done now: shown on a terminal when it takes more than a second. */
  progress(doing: string): void;
  /** A line for `--verbose`. */
  detail(line: string): void;
}

/** What a command leaves for `main.ts` to print: it prints nothing itself. */
export interface Outcome {
  /** With an error among them the exit code is 1 and `text` and `data` are not printed. */
  readonly problems?: readonly Problem[];
  /** The texts that the problems point into. */
  readonly files?: ReadonlyMap<string, SourceFile>;
  /** The result as `-o table` shows it, ending in a newline. */
  readonly text?: string;
  /** The result as `-o json` and `-o yaml` show it; without it they show `text`. */
  readonly data?: object;
  /** What the user must know beside the result: stderr, on a terminal. */
  readonly notes?: readonly string[];
  /** What comes next: stderr, on a terminal. */
  readonly next?: readonly string[];
  /** A sentence behind the count of errors. */
  readonly afterword?: string;
  /** A check answered yes: exit code 3. */
  readonly answeredYes?: boolean;
}

export interface Command {
  /** `['build']`, `['certs', 'check-expiration']`. */
  readonly words: readonly string[];
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** One line without a full stop, for the list of commands. */
  readonly summary: string;
  /** What it reads and does: lines of at most 96 characters. */
  readonly about: readonly string[];
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** What a user does after it. */
  readonly next: string;
  /** It writes files. */
  readonly writes?: boolean;
  run(invocation: Invocation, reporter: Reporter): Promise<Outcome>;
}

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { name: 'file', short: 'f', kind: 'value', value: 'FILE', about: 'cluster.yaml to read (default ./cluster.yaml); - is stdin' },
  {
    name: 'output',
    short: 'o',
    kind: 'value',
    value: 'FORMAT',
    choices: ['table', 'json', 'yaml'],
    about: 'format of the result (default table)',
  },
  { name: 'quiet', short: 'q', kind: 'flag', about: 'no progress, no next steps' },
  { name: 'verbose', short: 'v', kind: 'flag', about: 'say what is read and written' },
  {
    name: 'color',
    kind: 'value',
    value: 'WHEN',
    choices: ['auto', 'always', 'never'],
    about: 'colour problems (default auto; NO_COLOR is honoured)',
  },
  { name: 'help', short: 'h', kind: 'flag', about: 'this text' },
];

/** The afterword of a command that would have written, and found a problem before it did. */
export const NOTHING_WRITTEN = 'Nothing was written.';
