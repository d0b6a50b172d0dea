// What --help prints: enough to go on without any other page. Rendered from the command table, without loading the parser.
import { type Command, GLOBAL_OPTIONS, type OptionSpec } from './command.ts';
import { COMMANDS } from './commands.ts';
import { commandName } from './find-command.ts';

const FIRST_STEPS: readonly string[] = ['init', 'build', 'verify'];

/** `FILE`, `[NAME]`, `[PATH...]`. */
export function argumentsText(command: Command): string {
  return command.arguments
    .map(argument => {
      const name = argument.many ? `${argument.name}...` : (argument.choices?.join('|') ?? argument.name);
      return argument.required ? name : `[${name}]`;
    })
    .join(' ');
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

function optionRow(option: OptionSpec): readonly [string, string] {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  const value = option.kind === 'flag' ? '' : ` ${option.choices?.join('|') ?? option.value ?? 'VALUE'}`;
  return [`${short}--${option.name}${value}`, option.about];
}

function commandRows(commands: readonly Command[]): string {
  return columns(commands.map(command => [`${commandName(command)} ${argumentsText(command)}`.trim(), command.summary]));
}

/** The help of the program. @param version of kubekiln */
export function programHelp(version: string): string {
  const first = COMMANDS.filter(command => FIRST_STEPS.includes(commandName(command)));
  const others = COMMANDS.filter(command => !first.includes(command));
  return `kubekiln ${version}: one cluster.yaml in, self-booting Kubernetes nodes out

Usage: kubekiln COMMAND [options]

The three commands that make a cluster:
${commandRows(first)}
More:
${commandRows(others)}
Options of every command:
${columns(GLOBAL_OPTIONS.map(optionRow))}
Exit code: 0 done, 1 the input or the environment is wrong, 2 wrong usage, 3 a check answered yes, 70 a bug, 130/143 interrupted.

Example:
  kubekiln init prod --control-plane 10.0.1.11,10.0.1.12,10.0.1.13
  kubekiln build
  kubekiln verify

Next: kubekiln init --help
`;
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const own = command.options.length === 0 ? '' : `Options:\n${columns(command.options.map(optionRow))}\n`;
  return `kubekiln ${commandName(command)}: ${command.summary}

Usage: kubekiln ${[commandName(command), argumentsText(command), '[options]'].filter(Boolean).join(' ')}

${command.about.map(line => `  ${line}\n`).join('')}
${own}Options of every command:
${columns(GLOBAL_OPTIONS.map(optionRow))}
Example:
${command.examples.map(line => `  ${line}\n`).join('')}
Next: ${command.next}
`;
}
