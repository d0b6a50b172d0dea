// What only a person at a terminal sees, and what a bug of ours looks like.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';
import { ADDRESSES, emptyDirectory, hasTool, kubekiln, newProject, PROGRAM, skipWithout, succeed } from './program.ts';

/** Runs it with a terminal for stdin, stdout and stderr; undefined after a named skip. */
function onTerminal(context: TestContext, cwd: string, command: string, env: Readonly<Record<string, string>> = {}): string | undefined {
  if (skipWithout(context, hasTool('script'), 'script (package bsdutils)')) return undefined;
  const { NO_COLOR: _no, ...rest } = process.env;
  const line = `${process.execPath} ${PROGRAM} ${command}`;
  return spawnSync('script', ['-qec', line, '/dev/null'], {
    cwd,
    encoding: 'utf8',
    env: { ...rest, TERM: 'xterm', ...env },
  }).stdout.replaceAll('\r\n', '\n');
}

test('on a terminal each of the three commands says what comes next', context => {
  const cwd = emptyDirectory();
  const init = onTerminal(context, cwd, `init prod --control-plane ${ADDRESSES}`);
  if (init === undefined) return;
  assert.match(init, /\nNext: {2}kubekiln build\n$/);
  assert.match(init, /Whoever loses secrets\.yaml loses the cluster/);
  const build = onTerminal(context, cwd, 'build') ?? '';
  assert.match(
    build,
    /\nWrote out\/prod .*\nFiles under nodes\/ hold private keys, and so will whatever stores your user-data\.\nNext: {2}boot the nodes, in any order\n {7}kubekiln status --wait\n$/,
  );
  assert.match(onTerminal(context, cwd, 'verify') ?? '', /\nNext: {2}boot the nodes/);
  assert.ok(!(onTerminal(context, cwd, 'build -q') ?? '').includes('Next:'), '-q');
  assert.match(
    onTerminal(context, emptyDirectory(), 'init') ?? '',
    /\nNext: {2}edit the addresses in cluster\.yaml\n {7}kubekiln build\n$/,
  );
});

test('problems are coloured on a terminal, unless the user does not want it', context => {
  const cwd = emptyDirectory();
  const colored = onTerminal(context, cwd, 'build');
  if (colored === undefined) return;
  assert.ok(colored.includes('\u001b['));
  assert.ok(!onTerminal(context, cwd, 'build', { NO_COLOR: '1' })?.includes('\u001b['));
  assert.ok(!onTerminal(context, cwd, 'build --color never')?.includes('\u001b['));
  assert.ok(!onTerminal(context, cwd, 'build', { TERM: 'dumb' })?.includes('\u001b['));
  assert.ok(onTerminal(context, cwd, 'build --color always', { NO_COLOR: '1' })?.includes('\u001b['));
});

test('what takes longer than a second says so, on one line that it takes away again', context => {
  const cwd = newProject();
  const file = join(cwd, 'cluster.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^spec:\n/m, 'spec:\n  encryptionAlgorithm: RSA-4096\n'));
  const output = onTerminal(context, cwd, 'build');
  if (output === undefined) return;
  assert.match(output, /\r\u001b\[Kplanning, issuing certificates … [1-9]\d* s/);
  assert.match(output, /\r\u001b\[Kprod {2}Kubernetes/);
});

test('--verbose names what is written, without a terminal too', () => {
  const cwd = newProject();
  assert.equal(succeed(['build', '-v'], { cwd }).stderr, 'wrote secrets.yaml\nwrote out/prod\nwrote cluster.lock.yaml\n');
  assert.equal(succeed(['build', '-v'], { cwd }).stderr, 'unchanged: out/prod\n');
});

test('a bug is not a mistake of the user: exit code 70, stack trace, how to report it', () => {
  const cwd = newProject();
  // a package without its templates is broken
  const broken = emptyDirectory();
  cpSync(dirname(PROGRAM), join(broken, 'dist'), { recursive: true });
  copyFileSync(join(packageRoot(), 'package.json'), join(broken, 'package.json'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(broken, 'dist/kubekiln.js'), 'build'], { cwd, encoding: 'utf8' });
  assert.equal(status, 70);
  assert.equal(stdout, '');
  assert.match(stderr, /^Bug: .*templates/);
  assert.match(stderr, /\n {4}at /);
  assert.match(stderr, /\nThis is a bug in kubekiln .*, not a mistake of yours\..*\nPlease report it /);
  assert.equal(existsSync(join(cwd, 'out')), false);
});

test('verify --console-log says which stage of a boot failed, and why', () => {
  const cwd = emptyDirectory();
  const log = (name: string, ...lines: string[]) => {
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, name), ['[    1.0] Linux version 6.1', ...lines, 'cp-1 login: '].join('\r\n'));
    return kubekiln(['verify', '--console-log', name], { cwd });
  };
  const stopped = log(
    'stopped.log',
    '[   12.345678] kubekiln-install[412]: kubekiln: payload: prod/cp-1 generation 1, digest ok',
    '[   12.4] kubekiln-install[412]: kubekiln: identity: waiting: none of 10.0.1.11 is on an interface (seen: 10.0.9.9 )',
    '[  312.4] kubekiln-install[412]: kubekiln: STOPPED at identity: none of 10.0.1.11 is on an interface',
    '[  312.4] kubekiln-install[412]: kubekiln:   remedy: give this machine its address',
  );
  assert.equal(stopped.code, 1);
  assert.match(
    stopped.stderr,
    /error\[boot-stopped\]: stopped\.log: stopped at identity: none of 10\.0\.1\.11 is on an interface\n {2}hint: give this machine its address/,
  );
  const waiting = log('waiting.log', 'kubekiln: clock: waiting: the clock says 1970');
  assert.match(waiting.stderr, /error\[boot-waiting\]: waiting\.log: still waiting at clock: the clock says 1970/);
  const repaired = log('done.log', 'kubekiln: STOPPED at clock: x', 'kubekiln: done: prod/cp-1 generation 1 is installed');
  assert.equal(repaired.code, 0);
  assert.match(repaired.stdout, /^STOPPED at clock: x\ndone: prod\/cp-1/);
  const met = log(
    'met.log',
    'kubekiln: etcd: waiting: no answer from b',
    'kubekiln: etcd: starting: no founding member has data: founding the cluster',
  );
  assert.equal(met.code, 0, met.stderr);
  assert.match(log('silent.log').stderr, /error\[boot-silent\]: silent\.log: no line of kubekiln in it/);
  assert.match(kubekiln(['verify', '--console-log', 'none.log'], { cwd }).stderr, /error\[file-not-found\]: none\.log/);
});
