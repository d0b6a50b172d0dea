import { Parser } from 'yargs/helpers';
import { type Command, GLOBAL_OPTIONS, type Invocation, type OptionSpec } from './command.ts';
import { COMMANDS } from './commands.ts';
import { commandName, findCommand, likelyCommand, meant } from './find-command.ts';
import { REJECTED_OPTIONS } from './rejected-words.ts';
import { ALL_OPTIONS, splitOptions } from './split-options.ts';
import { UsageError } from './usage-error.ts';

export interface ParsedLine {
  readonly command: Command;
  readonly invocation: Invocation;
  /** --help stands somewhere: nothing may be done. */
  readonly help: boolean;
}

const NOTHING: Invocation = { positionals: [], flags: new Set(), values: new Map(), lists: new Map() };

/**
 * The command line, checked. All options are known to the parser before it knows the command, so that `kubekiln -f x.yaml build` reads as meant
 * and an option of another command is named as such.
 * @throws UsageError
 */
export function parseArguments(line: readonly string[]): ParsedLine {
  const { words, given } = blaming(likelyCommand(line), () => splitOptions(line));
  const parsed = Parser([...words], PARSER_OPTIONS);
  const found = parsed._.map(String);
  if (found[0] === 'help') found.shift();
  const command = findCommand(found);
  if (given.has('help')) return { command, invocation: NOTHING, help: true };
  const positionals = found.slice(command.words.length);
  return blaming(commandName(command), () => {
    for (const option of given) checkAllowed(option, command);
    checkPositionals(positionals, command);
    return { command, invocation: { positionals, ...optionsOf(given, parsed) }, help: false };
  });
}

function optionsOf(given: ReadonlySet<string>, parsed: Readonly<Record<string, unknown>>): Omit<Invocation, 'positionals'> {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const lists = new Map<string, readonly string[]>();
  for (const option of given) {
    const spec = ALL_OPTIONS.get(option);
    const value = parsed[option];
    if (spec?.kind === 'flag') flags.add(option);
    else if (spec?.kind === 'list') lists.set(option, elements(spec, value));
    else values.set(option, chosen(spec, String(value)));
  }
  return { flags, values, lists };
}

/** Lets a usage error name the command whose --help tells. */
function blaming<T>(command: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, command) : error;
  }
}

const named = (kind: OptionSpec['kind']) => [...ALL_OPTIONS.values()].filter(option => option.kind === kind).map(option => option.name);

/** The parser of yargs alone: the rest of it prints, exits, guesses and follows the locale, and takes as long to load as node itself. */
const PARSER_OPTIONS = {
  boolean: named('flag'),
  array: named('list'),
  string: [...named('list'), ...named('value')],
  configuration: {
    'greedy-arrays': false,
    'boolean-negation': false,
    'dot-notation': false,
    'camel-case-expansion': false,
    'parse-numbers': false,
    'parse-positional-numbers': false,
    'duplicate-arguments-array': true,
  },
};

function checkAllowed(name: string, command: Command): void {
  const own = [...GLOBAL_OPTIONS, ...command.options];
  if (own.some(option => option.name === name)) return;
  const reason = Object.hasOwn(REJECTED_OPTIONS, name) ? REJECTED_OPTIONS[name] : undefined;
  if (reason !== undefined) throw new UsageError(reason);
  const owners = COMMANDS.filter(other => other.options.some(option => option.name === name)).map(commandName);
  throw new UsageError(`${commandName(command)} has no option --${name}: it belongs to ${owners.join(', ')}`);
}

function checkPositionals(given: readonly string[], command: Command): void {
  const specs = command.arguments;
  const missing = specs[given.length];
  if (missing?.required === true) {
    const known = missing.choices === undefined ? '' : `: one of ${missing.choices.join(', ')}`;
    throw new UsageError(`${commandName(command)} needs ${missing.name}${known}`);
  }
  const last = specs.at(-1);
  const extra = given[specs.length];
  if (extra !== undefined && last?.many !== true) {
    const hint = /\.ya?ml$/.test(extra)
      ? `; did you mean "-f ${extra}"?`
      : /^[0-9a-f]*[.:][0-9a-f.:]+$/i.test(extra)
        ? '; several addresses are separated by commas'
        : '';
    throw new UsageError(
      `${commandName(command)} takes ${last === undefined ? 'no argument' : `only ${last.name}`}, and "${extra}" is one too many${hint}`,
    );
  }
  for (const [index, spec] of specs.entries()) {
    const word = given[index];
    if (word !== undefined && spec.choices !== undefined && !spec.choices.includes(word)) {
      throw new UsageError(`${commandName(command)} takes ${spec.choices.join(', ')}, not "${word}"${meant(word, spec.choices)}`);
    }
  }
}

/** `a,b` twice, or `a` and `b`: the same list. */
function elements(spec: OptionSpec, value: unknown): readonly string[] {
  const found = (Array.isArray(value) ? value : [value]).flatMap(part => String(part).split(',')).map(part => part.trim());
  if (found.includes('')) throw new UsageError(`--${spec.name} has an empty element`);
  return found;
}

function chosen(spec: OptionSpec | undefined, value: string): string {
  const choices = spec?.choices;
  if (spec === undefined || choices === undefined || choices.includes(value)) return value;
  const file = spec.name === 'output' && /[./]/.test(value) ? '; the output directory is --out-dir' : meant(value, choices);
  throw new UsageError(`--${spec.name} takes ${choices.join(', ')}, not "${value}"${file}`);
}
