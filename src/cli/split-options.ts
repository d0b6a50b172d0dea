// The first pass over the command line: finds each option, whatever command follows, and refuses what yargs would quietly take for something
// else: `-ojson` (it reads -o and the unknown -j), `--dry-run=no` (it reads "false"), a flag followed by the word true, an option given twice.
import type { OptionSpec } from './command.ts';
import { GLOBAL_OPTIONS } from './command.ts';
import { COMMANDS } from './commands.ts';
import { meant } from './find-command.ts';
import { REJECTED_OPTIONS } from './rejected-words.ts';
import { UsageError } from './usage-error.ts';

/** All options of all commands by name; one name means the same kind everywhere (a test keeps it so). */
export const ALL_OPTIONS: ReadonlyMap<string, OptionSpec> = new Map(
  [...GLOBAL_OPTIONS, ...COMMANDS.flatMap(command => command.options)].map(option => [option.name, option]),
);

interface Normalised {
  /** The same command line, each option in its long form `--name=value` or `--name`. */
  readonly words: readonly string[];
  /** Names of the options given. */
  readonly given: ReadonlySet<string>;
}

/** @throws UsageError */
export function splitOptions(words: readonly string[]): Normalised {
  const result: string[] = [];
  const given = new Set<string>();
  const add = (option: OptionSpec, value: string | undefined, next: string | undefined): boolean => {
    if (given.has(option.name) && option.kind !== 'list') throw new UsageError(`--${option.name} is given twice`);
    given.add(option.name);
    if (option.kind === 'flag') {
      if (value !== undefined) throw new UsageError(`--${option.name} takes no value`);
      result.push(`--${option.name}=true`);
      return false;
    }
    const taken = value ?? next;
    if (taken === undefined || taken === '' || (value === undefined && taken.startsWith('-') && taken !== '-')) {
      throw new UsageError(`--${option.name} needs a value${option.value === undefined ? '' : `: --${option.name} ${option.value}`}`);
    }
    result.push(`--${option.name}=${taken}`);
    return value === undefined;
  };
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const next = words[index + 1];
    if (word === '--') {
      result.push(...words.slice(index));
      break;
    }
    if (word.startsWith('--')) {
      const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
      if (add(optionNamed(name), value, next)) index++;
    } else if (word.startsWith('-') && word !== '-') {
      for (let at = 1; at < word.length; at++) {
        const option = optionWithLetter(word.charAt(at), word);
        const rest = word.slice(at + 1).replace(/^=/, '');
        if (option.kind !== 'flag') {
          if (add(option, rest === '' ? undefined : rest, next)) index++;
          break;
        }
        add(option, undefined, undefined);
      }
    } else {
      result.push(word);
    }
  }
  return { words: result, given };
}

function optionNamed(name: string): OptionSpec {
  const option = ALL_OPTIONS.get(name);
  if (option !== undefined) return option;
  const reason = Object.hasOwn(REJECTED_OPTIONS, name) ? REJECTED_OPTIONS[name] : undefined;
  if (reason !== undefined) throw new UsageError(reason);
  if (name === 'no-color') throw new UsageError('unknown option --no-color; did you mean "--color never"?');
  throw new UsageError(`unknown option --${name}${meant(name, ALL_OPTIONS.keys(), near => `--${near}`)}`);
}

function optionWithLetter(letter: string, word: string): OptionSpec {
  for (const option of ALL_OPTIONS.values()) if (option.short === letter) return option;
  throw new UsageError(`unknown option -${letter}${word.length > 2 ? ` in ${word}; long options begin with two dashes` : ''}`);
}
