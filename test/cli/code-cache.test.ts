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

for (const [what, spoil] of [
  ['missing', (path: string) => rmSync(path)],
  ['cut short', (path: string) => truncateSync(path, 100_000)],
] as const)
  test(`${what}, the program does its work without it`, () => {
    const copy = emptyDirectory();
    mkdirSync(join(copy, 'dist'));
    cpSync(dirname(PROGRAM), join(copy, 'dist'), { recursive: true });
    for (const name of ['package.json', 'templates', 'packer']) symlinkSync(join(packageRoot(), name), join(copy, name));
    for (const name of caches(join(copy, 'dist'))) spoil(join(copy, 'dist', name));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(copy, 'dist/kubekiln.js'), 'build', '--dry-run'], {
      cwd: newProject(),
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^prod {2}Kubernetes/);
  });
