// Completion scripts, generated from the command table: static words, so that Tab never starts the program.
import { type Command, GLOBAL_OPTIONS, type OptionSpec } from './command.ts';
import { COMMANDS } from './commands.ts';
import { commandName, secondWords } from './find-command.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** The script that teaches a shell all commands, options and choices. */
export function completionScript(shell: Shell): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell]();
}

const FIRST_WORDS: readonly string[] = [...new Set(COMMANDS.map(command => command.words[0] ?? ''))];
const OPTIONS_OF = (command: Command): readonly OptionSpec[] => [...command.options, ...GLOBAL_OPTIONS];
const WITH_VALUE: readonly OptionSpec[] = [
  ...new Map([...GLOBAL_OPTIONS, ...COMMANDS.flatMap(command => command.options)].map(option => [option.name, option])).values(),
].filter(option => option.kind !== 'flag');

function spellings(option: OptionSpec): readonly string[] {
  return [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])];
}

/** Words that may follow a command's own: second words, or its argument's choices. */
function argumentWords(command: Command): readonly string[] {
  return command.arguments.flatMap(argument => argument.choices ?? []);
}

function bashScript(): string {
  const values = WITH_VALUE.map(option => {
    const words =
      option.choices === undefined
        ? 'COMPREPLY=($(compgen -f -- "$current"))'
        : `COMPREPLY=($(compgen -W '${option.choices.join(' ')}' -- "$current"))`;
    return `    ${spellings(option).join('|')}) ${words}; return ;;\n`;
  });
  const groups = FIRST_WORDS.filter(word => secondWords(word).length > 0).map(
    word => `    ${word}) words='${secondWords(word).join(' ')}' ;;\n`,
  );
  const commands = COMMANDS.map(command => {
    const options = OPTIONS_OF(command).map(option => `--${option.name}`);
    return `    '${commandName(command)}') words='${[...argumentWords(command), ...options].join(' ')}' ;;\n`;
  });
  return `# kubekiln completion for bash: source <(kubekiln completion bash)
_kubekiln() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} first= second= word skip= words=
  COMPREPLY=()
  case $previous in
${values.join('')}  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    case $word in
    ${WITH_VALUE.flatMap(spellings).join('|')}) skip=yes ;;
    -*) ;;
    *) if [[ -z $first ]]; then first=$word; elif [[ -z $second ]]; then second=$word; fi ;;
    esac
  done
  case $first in
    '') words='${[...FIRST_WORDS, ...GLOBAL_OPTIONS.map(option => `--${option.name}`)].join(' ')}' ;;
${groups.join('')}  esac
  case $first in
    ${FIRST_WORDS.filter(word => secondWords(word).length > 0).join('|')}) [[ -n $second ]] && first="$first $second" ;;
  esac
  case $first in
${commands.join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ \${#COMPREPLY[@]} -gt 0 || $current == -* || -z $first ]] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _kubekiln kubekiln
`;
}

/** In single quotes, for zsh and fish. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

function zshScript(): string {
  const described = (name: string, about: string) => quoted(`${name.replaceAll(':', '\\:')}:${about.replaceAll(':', '\\:')}`);
  const first = FIRST_WORDS.map(word => {
    const command = COMMANDS.find(candidate => candidate.words[0] === word);
    return described(word, secondWords(word).length > 0 ? secondWords(word).join(', ') : (command?.summary ?? ''));
  });
  const option = (spec: OptionSpec): string => {
    const about = spec.about.replaceAll('[', '(').replaceAll(']', ')').replaceAll(':', '\\:');
    const value =
      spec.kind === 'flag' ? '' : `:${spec.value ?? 'value'}:${spec.choices === undefined ? '_files' : `(${spec.choices.join(' ')})`}`;
    const repeat = spec.kind === 'list' ? '*' : '';
    return spellings(spec)
      .map(name => quoted(`${repeat}${name}[${about}]${value}`))
      .join(' ');
  };
  const rest = (command: Command): string => {
    const words = argumentWords(command);
    return quoted(words.length > 0 ? `*:argument:(${words.join(' ')})` : '*:file:_files');
  };
  const cases = FIRST_WORDS.map(word => {
    const seconds = secondWords(word);
    if (seconds.length === 0) {
      const command = COMMANDS.find(candidate => candidate.words[0] === word);
      return command === undefined ? '' : `    ${word}) _arguments ${OPTIONS_OF(command).map(option).join(' ')} ${rest(command)} ;;\n`;
    }
    const inner = COMMANDS.filter(command => command.words[0] === word).map(
      command =>
        `        ${command.words[1]}) shift words; (( CURRENT-- )); _arguments ${OPTIONS_OF(command).map(option).join(' ')} ${rest(command)} ;;\n`,
    );
    return `    ${word})
      if (( CURRENT == 2 )); then compadd ${seconds.join(' ')}; else case $words[2] in
${inner.join('')}      esac; fi ;;\n`;
  });
  return `#compdef kubekiln
# kubekiln completion for zsh: kubekiln completion zsh > "\${fpath[1]}/_kubekiln"
_kubekiln() {
  local -a commands
  commands=(${first.join(' ')})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('')}  esac
}
if [[ $funcstack[1] == _kubekiln ]]; then _kubekiln "$@"; else compdef _kubekiln kubekiln; fi
`;
}

function fishScript(): string {
  const seen = (words: readonly string[]) => words.map(word => `__fish_seen_subcommand_from ${word}`).join('; and ');
  const option = (spec: OptionSpec, condition: string): string => {
    const short = spec.short === undefined ? '' : ` -s ${spec.short}`;
    const value = spec.kind === 'flag' ? '' : spec.choices === undefined ? ' -r -F' : ` -x -a ${quoted(spec.choices.join(' '))}`;
    return `complete -c kubekiln${condition} -l ${spec.name}${short}${value} -d ${quoted(spec.about)}\n`;
  };
  const lines = FIRST_WORDS.flatMap(word => {
    const command = COMMANDS.find(candidate => candidate.words[0] === word);
    const seconds = secondWords(word);
    const about = seconds.length > 0 ? seconds.join(', ') : (command?.summary ?? '');
    const second = COMMANDS.filter(candidate => candidate.words[0] === word && candidate.words.length > 1).map(
      candidate =>
        `complete -c kubekiln -f -n '__fish_seen_subcommand_from ${word}; and not __fish_seen_subcommand_from ${seconds.join(' ')}' -a ${candidate.words[1]} -d ${quoted(candidate.summary)}\n`,
    );
    return [`complete -c kubekiln -f -n __fish_use_subcommand -a ${word} -d ${quoted(about)}\n`, ...second];
  });
  const own = COMMANDS.flatMap(command => [
    ...command.options.map(spec => option(spec, ` -n '${seen(command.words)}'`)),
    ...(argumentWords(command).length > 0
      ? [`complete -c kubekiln -f -n '${seen(command.words)}' -a ${quoted(argumentWords(command).join(' '))}\n`]
      : []),
  ]);
  return `# kubekiln completion for fish: kubekiln completion fish > ~/.config/fish/completions/kubekiln.fish
${[...lines, ...GLOBAL_OPTIONS.map(spec => option(spec, '')), ...own].join('')}`;
}
