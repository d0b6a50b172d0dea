import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { listTree } from '../../src/write/list-tree.ts';
import { foreignOutput } from '../../src/write/output-ownership.ts';
import { recoverTree, replaceTree } from '../../src/write/replace-tree.ts';

const root = mkdtempSync(join(realpathSync(tmpdir()), 'kubekiln-tree-'));
after(() => rmSync(root, { recursive: true }));

function file(path: string, text: string, mode = 0o600) {
  return { path, mode, content: Buffer.from(text) };
}

function manifest(cluster: string, ...paths: string[]) {
  return file('manifest.json', JSON.stringify({ cluster, artifacts: paths.map(path => ({ path })) }), 0o644);
}

function paths(directory: string) {
  return (listTree(directory) ?? []).map(entry => entry.path).sort();
}

test('a tree replaces another whole, with its modes, whatever the umask', async () => {
  const directory = join(root, 'prod');
  for (const mask of [0o000, 0o077]) {
    const old = process.umask(mask);
    try {
      rmSync(directory, { recursive: true, force: true });
      assert.equal(await replaceTree(directory, [file('a/b/c', 'one'), file('d', 'two', 0o644)]), true);
    } finally {
      process.umask(old);
    }
    assert.deepEqual(paths(directory), ['a/b/c', 'd']);
    assert.equal((statSync(join(directory, 'd')).mode & 0o777).toString(8), '644');
    assert.equal((statSync(join(directory, 'a/b/c')).mode & 0o777).toString(8), '600');
    for (const inner of ['.', 'a', 'a/b']) assert.equal((statSync(join(directory, inner)).mode & 0o777).toString(8), '700');
  }
  assert.equal(await replaceTree(directory, [file('x', 'three')]), true);
  assert.deepEqual(paths(directory), ['x']);
  assert.deepEqual(paths(root), ['prod/x'], 'no temporary directory stays');
});

test('the same tree is not touched', async () => {
  const directory = join(root, 'same');
  const files = [file('a/b', 'one'), file('c', 'two', 0o644)];
  await replaceTree(directory, files);
  const { ino } = statSync(directory);
  assert.equal(await replaceTree(directory, files), false);
  assert.equal(statSync(directory).ino, ino);
  assert.equal(await replaceTree(directory, [file('a/b', 'one', 0o640), file('c', 'two', 0o644)]), true, 'another mode is another tree');
  assert.equal(await replaceTree(directory, [file('a/b', 'one', 0o640)]), true, 'one file less is another tree');
});

test('a path that leaves the directory is a bug', async () => {
  for (const path of ['../x', 'a/../../x', '/x', 'a//b', './a', 'a/.', '']) {
    await assert.rejects(replaceTree(join(root, 'hostile'), [file(path, 'x')]), { name: 'Bug' });
  }
  assert.equal(existsSync(join(root, 'hostile')), false);
});

test('a failed write leaves the old tree and nothing beside it', async () => {
  const directory = join(root, 'failing');
  await replaceTree(directory, [file('kept', 'old')]);
  await assert.rejects(replaceTree(directory, [file('ok', 'new'), file(`${'n'.repeat(300)}`, 'too long a name')]), {
    code: 'ENAMETOOLONG',
  });
  assert.equal(readFileSync(join(directory, 'kept'), 'utf8'), 'old');
  assert.equal(existsSync(join(root, '.kubekiln-new.failing')), false);
});

test('a run killed at each point is repaired', async () => {
  const directory = join(root, 'killed');
  const fresh = join(root, '.kubekiln-new.killed');
  const aside = join(root, '.kubekiln-old.killed');
  await replaceTree(directory, [file('f', 'old')]);
  // while the new tree was written
  mkdirSync(fresh);
  writeFileSync(join(fresh, 'f'), 'ha');
  recoverTree(directory);
  assert.equal(existsSync(fresh), false);
  assert.equal(readFileSync(join(directory, 'f'), 'utf8'), 'old');
  // between the two renames
  renameSync(directory, aside);
  mkdirSync(fresh);
  recoverTree(directory);
  assert.equal(readFileSync(join(directory, 'f'), 'utf8'), 'old');
  assert.equal(existsSync(aside), false);
  assert.equal(existsSync(fresh), false);
  // after them, before the old tree was removed
  mkdirSync(aside);
  writeFileSync(join(aside, 'f'), 'older');
  recoverTree(directory);
  assert.equal(readFileSync(join(directory, 'f'), 'utf8'), 'old');
  assert.equal(existsSync(aside), false);
});

test('a directory that no build of this cluster wrote is refused', async () => {
  const directory = join(root, 'foreign');
  assert.equal(foreignOutput(directory, 'prod', 'out/prod'), undefined, 'nothing there');
  mkdirSync(directory);
  assert.equal(foreignOutput(directory, 'prod', 'out/prod'), undefined, 'empty');
  writeFileSync(join(directory, 'thesis.tex'), 'years of work');
  assert.equal(foreignOutput(directory, 'prod', 'out/prod')?.code, 'output-not-ours');

  await replaceTree(directory, [manifest('prod', 'admin.conf'), file('admin.conf', 'x'), file('.gitignore', '*')]);
  assert.equal(foreignOutput(directory, 'prod', 'out/prod'), undefined, 'ours');
  assert.match(foreignOutput(directory, 'dev', 'out/dev')?.message ?? '', /not one of cluster dev/);
  mkdirSync(join(directory, 'nodes'));
  writeFileSync(join(directory, 'nodes', 'terraform.tfstate'), '{}');
  const found = foreignOutput(directory, 'prod', 'out/prod');
  assert.deepEqual(found?.details, ['nodes/terraform.tfstate']);

  symlinkSync('foreign', join(root, 'link'));
  assert.match(foreignOutput(join(root, 'link'), 'prod', 'out/link')?.message ?? '', /not a directory/);
});
