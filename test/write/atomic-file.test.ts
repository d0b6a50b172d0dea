import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createFile, removeLeftover, replaceFile } from '../../src/write/atomic-file.ts';
import { fileSystemProblem } from '../../src/write/file-system-problem.ts';

const directory = mkdtempSync(join(realpathSync(tmpdir()), 'kubekiln-write-'));
after(() => rmSync(directory, { recursive: true }));

function mode(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

function withUmask<T>(mask: number, work: () => T): T {
  const old = process.umask(mask);
  try {
    return work();
  } finally {
    process.umask(old);
  }
}

test('the mode of a new file does not depend on the umask', () => {
  for (const mask of [0o000, 0o022, 0o077]) {
    for (const wanted of [0o600, 0o644]) {
      const path = join(directory, `mode-${mask}-${wanted}`);
      withUmask(mask, () => createFile(path, 'x', wanted));
      assert.equal(mode(path), wanted.toString(8));
    }
  }
});

test('createFile never overwrites, and leaves nothing beside what was there', () => {
  const path = join(directory, 'once');
  createFile(path, 'first', 0o600);
  assert.throws(() => createFile(path, 'second', 0o600), { code: 'EEXIST', path });
  assert.equal(readFileSync(path, 'utf8'), 'first');
  symlinkSync('/nowhere/at/all', join(directory, 'dangling'));
  assert.throws(() => createFile(join(directory, 'dangling'), 'x', 0o600), { code: 'EEXIST' });
  assert.deepEqual(
    readdirSync(directory).filter(name => name.startsWith('.')),
    [],
  );
});

test('replaceFile replaces content and mode, and touches nothing when both are there', () => {
  const path = join(directory, 'replaced');
  writeFileSync(path, 'old', { mode: 0o644 });
  assert.equal(replaceFile(path, 'new', 0o600), true);
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.equal(mode(path), '600');
  const { ino } = statSync(path);
  assert.equal(replaceFile(path, 'new', 0o600), false);
  assert.equal(statSync(path).ino, ino);
  assert.equal(replaceFile(path, 'new', 0o640), true, 'a wrong mode alone is put right');
  assert.equal(mode(path), '640');
});

test('replaceFile keeps a symbolic link and replaces its target', () => {
  const target = join(directory, 'target');
  const link = join(directory, 'link');
  writeFileSync(target, 'old');
  symlinkSync('target', link);
  replaceFile(link, 'new', 0o600);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readFileSync(target, 'utf8'), 'new');
});

test('what a killed run left of a write is removed', () => {
  const path = join(directory, 'whole');
  writeFileSync(path, 'whole');
  writeFileSync(join(directory, '.kubekiln-new.whole'), 'hal');
  removeLeftover(path);
  assert.deepEqual(
    readdirSync(directory).filter(name => name.startsWith('.kubekiln')),
    [],
  );
  writeFileSync(join(directory, '.kubekiln-new.whole'), 'hal');
  replaceFile(path, 'next', 0o600);
  assert.equal(readFileSync(path, 'utf8'), 'next');
});

test('a failed system call becomes a problem with the path that the user knows', () => {
  const problem = (work: () => void) => {
    try {
      work();
    } catch (error) {
      return fileSystemProblem(error);
    }
    return assert.fail('nothing was thrown');
  };
  const missing = problem(() => replaceFile(join(directory, 'no', 'such'), 'x', 0o600));
  assert.equal(missing?.code, 'file-not-found');
  assert.match(missing?.message ?? '', /no\/such: no such file/);
  assert.equal(problem(() => replaceFile(directory, 'x', 0o600))?.code, 'wrong-file-type');
  const odd = Object.assign(new Error('x'), { code: 'EIO', syscall: 'fsync', path: '/a' });
  assert.equal(fileSystemProblem(odd)?.message, '/a: fsync failed with EIO');
  assert.equal(fileSystemProblem(new TypeError('a bug')), undefined);
});
