// The code cache beside the program: for the node that built it, and never needed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Script } from 'node:vm';
import { packageRoot } from '../../src/formats/package-root.ts';
import { emptyDirectory, newProject, PROGRAM } from './program.ts';

const caches = (directory: string) => readdirSync(directory).filter(name => name.endsWith('.cache'));

test('there is one, named after this node, and V8 takes it', () => {
  const directory = dirname(PROGRAM);
  const [name = '', ...others] = caches(directory);
  assert.deepEqual(others, []);
  assert.ok(name.startsWith(`program-${process.version}-${process.platform}-${process.arch}-`), name);
  const source = readFileSync(join(directory, 'program.cjs'), 'latin1');
  assert.match(source.slice(0, 100), /^\(function \(exports, require, module, bundleUrl\) \{/);
  assert.equal(new Script(source, { cachedData: readFileSync(join(directory, name)) }).cachedDataRejected, false);
  // read as one byte for each character
  assert.doesNotMatch(source, /[^\0-\x7f]/);
});

/** A copy of the package, so that something of it can be spoilt. @returns its entry */
function copied(): string {
  const copy = emptyDirectory();
  mkdirSync(join(copy, 'dist'));
  cpSync(dirname(PROGRAM), join(copy, 'dist'), { recursive: true });
  for (const name of ['package.json', 'templates', 'packer']) symlinkSync(join(packageRoot(), name), join(copy, name));
  return join(copy, 'dist/kubekiln.js');
}

const dryRun = (program: string) => spawnSync(process.execPath, [program, 'build', '--dry-run'], { cwd: newProject(), encoding: 'utf8' });

for (const [what, spoil] of [
  ['missing', (path: string) => rmSync(path)],
  ['cut short', (path: string) => truncateSync(path, 100_000)],
] as const)
  test(`${what}, the program does its work without it`, () => {
    const program = copied();
    for (const name of caches(dirname(program))) spoil(join(dirname(program), name));
    const { status, stdout, stderr } = dryRun(program);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^prod {2}Kubernetes/);
  });

test('a program that is not there is a bug like any other', () => {
  const program = copied();
  rmSync(join(dirname(program), 'program.cjs'));
  const { status, stdout, stderr } = dryRun(program);
  assert.equal(status, 70);
  assert.equal(stdout, '');
  assert.match(stderr, /program\.cjs.*\n(.*\n)*This is a bug in kubekiln /);
});
