import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GLOBAL_OPTIONS } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { completionScript } from '../../src/cli/completion-script.ts';
import { commandHelp, programHelp } from '../../src/cli/help-text.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { packageRoot } from '../../src/formats/package-root.ts';
import { emptyDirectory, hasTool, kubekiln, skipWithout } from './program.ts';

test('the help of the program names every command, an example and the next step', () => {
  const cwd = emptyDirectory();
  const { code, stdout, stderr } = kubekiln(['--help'], { cwd });
  assert.equal(code, 0);
  assert.equal(stderr, '');
  for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  ${command.words.join(' ')} .*${command.summary.slice(0, 10)}`, 'm'));
  assert.match(stdout, /^Example:\n {2}kubekiln init /m);
  assert.match(stdout, /^Next: /m);
  for (const words of [[], ['-h'], ['help']]) assert.equal(kubekiln(words, { cwd }).stdout, stdout);
});

for (const command of COMMANDS) {
  const name = command.words.join(' ');
  test(`kubekiln ${name} --help teaches`, () => {
    const cwd = emptyDirectory();
    const { code, stdout } = kubekiln([...command.words, '--help'], { cwd });
    assert.equal(code, 0);
    assert.equal(stdout, commandHelp(command));
    assert.equal(kubekiln(['-f', 'x.yaml', ...command.words, '-qh'], { cwd }).stdout, stdout, 'whatever stands before it, nothing is done');
    for (const option of command.options) assert.ok(stdout.includes(`--${option.name}`));
    assert.match(stdout, /^Example:\n {2}\S/m);
    assert.match(stdout, /^Next: \S/m);
  });

  test(`the examples of kubekiln ${name} are command lines that it takes`, () => {
    for (const example of command.examples) {
      const own = /(?:^|[ (])kubekiln ([^|>)]*)/.exec(example)?.[1];
      assert.ok(own !== undefined, example);
      assert.equal(parseArguments(own.trim().split(' ')).command, command, example);
    }
  });
}

test('help lines fit a terminal', () => {
  for (const text of [programHelp('0.0.0'), ...COMMANDS.map(commandHelp)]) {
    for (const line of text.split('\n')) assert.ok(line.length <= 150, line);
  }
});

test('an option means the same everywhere: same kind, one letter for one option', () => {
  const kinds = new Map<string, string>();
  const letters = new Map<string, string>();
  for (const option of [...GLOBAL_OPTIONS, ...COMMANDS.flatMap(command => command.options)]) {
    assert.equal(kinds.get(option.name) ?? option.kind, option.kind, option.name);
    kinds.set(option.name, option.kind);
    if (option.short === undefined) continue;
    assert.equal(letters.get(option.short) ?? option.name, option.name, option.short);
    letters.set(option.short, option.name);
  }
});

test('version is the one of package.json', () => {
  const cwd = emptyDirectory();
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  assert.equal(kubekiln(['--version'], { cwd }).stdout, `kubekiln ${version}\n`);
  assert.match(kubekiln(['version'], { cwd }).stdout, new RegExp(`^kubekiln ${version}\nKubernetes v1\\.33, .*v1\\.37`));
  const data = JSON.parse(kubekiln(['version', '-o', 'json'], { cwd }).stdout);
  assert.equal(data.version, version);
  assert.deepEqual(data.kubernetes.minors, ['v1.33', 'v1.34', 'v1.35', 'v1.36', 'v1.37']);
});

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  test(`the completion script is one that ${shell} accepts`, context => {
    const { code, stdout } = kubekiln(['completion', shell], { cwd: emptyDirectory() });
    assert.equal(code, 0);
    assert.equal(stdout, completionScript(shell));
    for (const command of COMMANDS) for (const word of command.words) assert.ok(stdout.includes(word));
    if (skipWithout(context, shell === 'bash' || hasTool(shell), shell)) return;
    const file = join(emptyDirectory(), `kubekiln.${shell}`);
    writeFileSync(file, stdout);
    const check = spawnSync(shell, [shell === 'fish' ? '--no-execute' : '-n', file], { encoding: 'utf8' });
    assert.equal(check.stderr, '');
    assert.equal(check.status, 0);
  });
}

/** What bash offers behind these words. */
function offered(...words: string[]): readonly string[] {
  const script = `${completionScript('bash')}\nCOMP_WORDS=(kubekiln ${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _kubekiln; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: packageRoot() }).stdout.split('\n').filter(Boolean);
}

test('bash completes commands, second words, options and choices', () => {
  assert.deepEqual(offered('bui'), ['build']);
  assert.deepEqual(offered('certs', ''), ['check-expiration']);
  assert.deepEqual(offered('certs', 'check-expiration', '--fa'), ['--fail-within']);
  assert.deepEqual(offered('build', '-o', 'j'), ['json']);
  assert.deepEqual(offered('-f', 'x.yaml', 'verify', '--con'), ['--console-log']);
  assert.deepEqual(offered('completion', 'z'), ['zsh']);
  assert.deepEqual(offered('build', '-f', 'package.j'), ['package.json']);
  assert.ok(offered('secrets', 'init', '--').includes('--from-kubernetes-pki'));
});
