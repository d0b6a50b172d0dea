import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { emptyDirectory, kubekiln } from './program.ts';

/** Command line → what the one line must say → whose help it points to. */
const MISTAKES: readonly (readonly [line: string, says: RegExp, help: string])[] = [
  ['biuld', /unknown command "biuld"; did you mean "build"\?/, ''],
  ['frobnicate', /unknown command "frobnicate"$/m, ''],
  ['certs', /certs needs one of: check-expiration/, ''],
  ['certs check', /certs has no command "check"; did you mean "certs check-expiration"\?/, ''],
  ['secrets', /secrets needs one of: init, list/, ''],
  ['help biuld', /unknown command "biuld"/, ''],
  ['biuld --help', /unknown command "biuld"/, ''],
  ['-q', /no command given/, ''],
  ['build --lockd', /unknown option --lockd; did you mean "--locked"\?/, 'build'],
  ['build -z', /unknown option -z/, 'build'],
  ['build -dry-run', /unknown option -d in -dry-run; long options begin with two dashes/, 'build'],
  ['verify --locked', /verify has no option --locked: it belongs to build/, 'verify'],
  ['build --dry-run=no', /--dry-run takes no value/, 'build'],
  ['build --out-dir', /--out-dir needs a value: --out-dir DIR/, 'build'],
  ['build --out-dir=', /--out-dir needs a value/, 'build'],
  ['build --out-dir --locked', /--out-dir needs a value/, 'build'],
  ['build -f', /--file needs a value/, 'build'],
  ['build -f a -f b', /--file is given twice/, 'build'],
  ['build -fa --file b', /--file is given twice/, 'build'],
  ['build -q --quiet', /--quiet is given twice/, 'build'],
  ['build -o xml', /--output takes table, json, yaml, not "xml"/, 'build'],
  ['build -o jsn', /not "jsn"; did you mean "json"\?/, 'build'],
  ['build -o ./out', /the output directory is --out-dir/, 'build'],
  ['build --color blue', /--color takes auto, always, never/, 'build'],
  ['build --no-color', /did you mean "--color never"\?/, 'build'],
  ['build cluster.yaml', /build takes no argument.*did you mean "-f cluster.yaml"\?/, 'build'],
  ['inspect', /inspect needs FILE/, 'inspect'],
  ['inspect a b', /inspect takes only FILE, and "b" is one too many/, 'inspect'],
  ['completion', /completion needs SHELL: one of bash, zsh, fish/, 'completion'],
  ['completion tcsh', /completion takes bash, zsh, fish, not "tcsh"/, 'completion'],
  ['kubeconfig a --group a,,b', /--group has an empty element/, 'kubeconfig'],
  ['certs check-expiration --fail-within 30d', /--fail-within takes a duration such as 720h/, 'certs check-expiration'],
  ['kubeconfig a --validity-period soon', /--validity-period takes a duration/, 'kubeconfig'],
  ['init -f -', /init writes cluster.yaml, so -f must name a file/, 'init'],
  ['apply', /a node applies its own payload/, ''],
  ['up', /boot the nodes/, ''],
  ['create cluster', /init starts a cluster.yaml/, ''],
  ['join', /no join and no token/, ''],
  ['bootstrap', /no bootstrap call/, ''],
  ['gen', /the command is build/, ''],
  ['build --force', /there is no --force/, 'build'],
  ['init --force', /there is no --force/, 'init'],
  ['build --node cp-1', /only whole clusters are built/, 'build'],
  ['constructor', /unknown command "constructor"/, ''],
  ['build --__proto__ x', /unknown option --__proto__/, 'build'],
  ['build --toString', /unknown option --toString/, 'build'],
];

for (const [line, says, help] of MISTAKES) {
  test(`usage: kubekiln ${line}`, () => {
    const cwd = emptyDirectory();
    const { code, stdout, stderr } = kubekiln(line.split(' '), { cwd, env: { LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' } });
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, says);
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.length, 2, stderr);
    assert.equal(lines[1], ['See kubekiln', help, '--help'].filter(Boolean).join(' '));
    assert.deepEqual(readdirSync(cwd), []);
  });
}

test('with -o json a usage error is a ProblemList on stdout too', () => {
  for (const spelling of [['-o', 'json'], ['-ojson'], ['--output=json']]) {
    const { code, stdout, stderr } = kubekiln(['build', '--lockd', ...spelling], { cwd: emptyDirectory() });
    assert.equal(code, 2);
    const list = JSON.parse(stdout);
    assert.equal(list.kind, 'ProblemList');
    assert.equal(list.problems[0].code, 'usage');
    assert.match(stderr, /unknown option/);
  }
});

test('options are read wherever they stand', () => {
  const cwd = emptyDirectory();
  for (const line of [
    '-q -f none.yaml validate',
    'validate -qfnone.yaml',
    'validate --file=none.yaml',
    '--color never validate -f none.yaml -v',
  ]) {
    const { code, stderr } = kubekiln(line.split(' '), { cwd });
    assert.equal(code, 1, line);
    assert.match(stderr, /error\[file-not-found\]: none\.yaml: no such file/);
    assert.match(stderr, /kubekiln init starts one/);
  }
});
