import { closestWord } from '../closest-word.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { REJECTED_COMMANDS } from './rejected-words.ts';
import { UsageError } from './usage-error.ts';

/** `build`, or `certs check-expiration`: how a user writes it. */
export function commandName(command: Command): string {
  return command.words.join(' ');
}

/** The second words of a first word that is no command by itself: `certs` → `check-expiration`. */
export function secondWords(first: string): readonly string[] {
  return COMMANDS.filter(command => command.words.length > 1 && command.words[0] === first).map(command => command.words[1] ?? '');
}

/** The command that the first words name. @throws UsageError with a suggestion, or with why there is no such command. */
export function findCommand(words: readonly string[]): Command {
  const [first, second] = words;
  if (first === undefined) throw new UsageError('no command given');
  const exact = COMMANDS.find(({ words: [one, two] }) => one === first && (two === undefined || two === second));
  if (exact !== undefined) return exact;
  const seconds = secondWords(first);
  if (seconds.length > 0) {
    if (second === undefined) throw new UsageError(`${first} needs one of: ${seconds.join(', ')}`);
    throw new UsageError(`${first} has no command "${second}"${meant(second, seconds, word => `${first} ${word}`)}`);
  }
  const reason = Object.hasOwn(REJECTED_COMMANDS, first) ? REJECTED_COMMANDS[first] : undefined;
  if (reason !== undefined) throw new UsageError(reason);
  throw new UsageError(`unknown command "${first}"${meant(first, new Set(COMMANDS.map(command => command.words[0] ?? '')))}`);
}

/** `; did you mean "build"?`, or nothing when no candidate is near. */
export function meant(word: string, candidates: Iterable<string>, show: (candidate: string) => string = candidate => candidate): string {
  const known = [...candidates];
  const begun = word.length > 1 ? known.filter(candidate => candidate.startsWith(word)) : [];
  const near = begun.length === 1 ? begun[0] : closestWord(word, known);
  return near === undefined ? '' : `; did you mean "${show(near)}"?`;
}

/** The command that a line with a mistake in it is most likely about: whose --help will tell. */
export function likelyCommand(words: readonly string[]): string {
  const plain = words.filter(word => !word.startsWith('-'));
  const likely = COMMANDS.find(command => plain.some((_, start) => command.words.every((word, index) => plain[start + index] === word)));
  return likely === undefined ? '' : commandName(likely);
}
