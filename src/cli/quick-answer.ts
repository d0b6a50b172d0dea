import type { Command } from './command.ts';
import { versionText } from './commands/version.ts';
import { COMMANDS } from './commands.ts';
import { commandHelp, programHelp } from './help-text.ts';
import { packageVersion } from './package-version.ts';

/** Help and version, which need no parser (it takes longer to load than they take); undefined when the words ask for anything else. */
export async function quickAnswer(words: readonly string[]): Promise<string | undefined> {
  if (words.length === 1 && words[0] === '--version') return `kubekiln ${packageVersion()}\n`;
  if (words.length === 1 && words[0] === 'version') return versionText();
  const end = words.indexOf('--');
  const asked = (end < 0 ? words : words.slice(0, end)).some(word => word === '--help' || word === '-h');
  const plain = words.filter(word => !word.startsWith('-'));
  if (words.length === 0 || (plain[0] === 'help' && plain.length === words.length)) return helpFor(plain.slice(1));
  return asked ? helpFor(plain) : undefined;
}

/** Of the command that the words name, of its group, or of the program; undefined for a word that names nothing, which must be told. */
function helpFor(words: readonly string[]): string | undefined {
  if (words.length === 0) return programHelp(packageVersion());
  const named: Command | undefined = COMMANDS.find(command => command.words.every((word, index) => words[index] === word));
  if (named !== undefined) return commandHelp(named);
  const group = COMMANDS.filter(command => command.words[0] === words[0]);
  return group.length === 0 ? undefined : group.map(commandHelp).join('\n');
}
