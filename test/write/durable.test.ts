// What a power cut finds: everything that has its final name was on the disk before it got that name, and the name itself is on the disk before the
// program goes on. strace says what was asked of the kernel, in which order; nothing else can, short of a power cut.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { missingTool } from '../missing-tool.ts';

const root = mkdtempSync(join(realpathSync(tmpdir()), 'kubekiln-durable-'));
after(() => rmSync(root, { recursive: true }));

const module = (name: string) => JSON.stringify(new URL(`../../src/write/${name}.js`, import.meta.url).href);
const PRELUDE = `import { createFile, replaceFile } from ${module('atomic-file')}; import { replaceTree } from ${module('replace-tree')};`;

interface Call {
  readonly name: string;
  /** Paths in its arguments, relative to the directory of the test; of an open descriptor, the path that it was opened by. */
  readonly paths: readonly string[];
  readonly text: string;
}

/** Runs a program under strace; its file-system calls below `directory` that succeeded, in the order in which they were finished. */
function traced(
  directory: string,
  source: string,
  inject: readonly string[] = [],
): { readonly calls: readonly Call[]; readonly stderr: string } {
  const log = join(root, 'calls');
  const options = [
    '-f',
    '-qq',
    '-y',
    '-s',
    '300',
    '-o',
    log,
    '-e',
    'trace=openat,fsync,fdatasync,rename,renameat,renameat2,link,linkat',
    ...inject,
  ];
  const program = [process.execPath, '--input-type=module', '-e', `${PRELUDE}\n${source}`];
  const { stderr } = spawnSync('strace', [...options, ...program], { encoding: 'utf8' });
  const started = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const cut = /^(.*) <unfinished \.\.\.>$/.exec(rest)?.[1];
    if (cut !== undefined) started.set(pid, cut);
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1];
    const whole = resumed === undefined ? rest : (started.get(pid) ?? '') + resumed;
    const [, name = '', given = '', result = ''] = /^(\w+)\((.*)\)\s+= (\S+)/.exec(whole) ?? [];
    if (name === '' || cut !== undefined || result.startsWith('-')) continue;
    // openat names the directory of relative paths first
    const paths = [...given.matchAll(/"([^"]*)"|^\d+<([^>]*)>/g)].map(([, text, opened]) => text ?? opened ?? '');
    const below = paths.filter(path => path.startsWith(directory)).map(path => path.slice(directory.length + 1) || '.');
    if (below.length > 0) calls.push({ name, paths: below, text: whole });
  }
  return { calls, stderr };
}

function place(calls: readonly Call[], pattern: RegExp, ...paths: readonly string[]): number {
  return calls.findIndex(call => pattern.test(call.name) && paths.every((path, index) => call.paths[index] === path));
}

function fresh(name: string): string {
  const directory = join(root, name);
  mkdirSync(directory);
  return directory;
}

/** Whatever is made is for the owner alone until its content is complete. */
function assertPrivate(calls: readonly Call[]): void {
  const made = calls.filter(call => call.name === 'openat' && call.text.includes('O_CREAT'));
  assert.ok(made.length > 0);
  for (const { text } of made) assert.match(text, /O_EXCL.*, 0600\)/, text);
}

describe('written files outlive a power cut', { skip: missingTool('strace') }, () => {
  for (const [call, move] of [
    ['replaceFile', /^rename/],
    ['createFile', /^link/],
  ] as const) {
    it(call, () => {
      const directory = fresh(call);
      if (call === 'replaceFile') writeFileSync(join(directory, 'f'), 'old');
      const { calls } = traced(directory, `${call}(${JSON.stringify(join(directory, 'f'))}, 'new', 0o644);`);
      assert.equal(readFileSync(join(directory, 'f'), 'utf8'), 'new');
      const synced = place(calls, /^fsync/, '.kubekiln-new.f');
      const moved = place(calls, move, '.kubekiln-new.f', 'f');
      const durable = calls.findLastIndex(({ name, paths }) => name === 'fsync' && paths[0] === '.');
      assert.ok(synced >= 0 && synced < moved && moved < durable, JSON.stringify(calls, null, 1));
      assertPrivate(calls);
    });
  }

  const FILES = ['a/b/c', 'a/d', 'e', ...Array.from({ length: 70 }, (_, index) => `many/${index}`)];
  const treeOf = (directory: string, text: string) =>
    `await replaceTree(${JSON.stringify(join(directory, 'prod'))}, ${JSON.stringify(FILES)}.map(path => ({ path, mode: 0o644, content: Buffer.from('${text}' + path) })));`;

  it('replaceTree', () => {
    const directory = fresh('tree');
    traced(directory, treeOf(directory, 'old'));
    const { calls } = traced(directory, treeOf(directory, 'new'));
    assert.equal(readFileSync(join(directory, 'prod/a/b/c'), 'utf8'), 'newa/b/c');
    const aside = place(calls, /^rename/, 'prod', '.kubekiln-old.prod');
    const moved = place(calls, /^rename/, '.kubekiln-new.prod', 'prod');
    assert.ok(aside >= 0 && aside < moved);
    for (const path of [...FILES, 'a', 'a/b', 'many', '']) {
      const synced = place(calls, /^fsync/, path === '' ? '.kubekiln-new.prod' : `.kubekiln-new.prod/${path}`);
      assert.ok(synced >= 0 && synced < aside, `${path} is on the disk before the old tree goes away`);
    }
    assert.ok(calls.findLastIndex(({ name, paths }) => name === 'fsync' && paths[0] === '.') > moved);
    assertPrivate(calls);
  });

  it('replaceTree puts the old tree back when the new one cannot take its place', () => {
    const directory = fresh('refused');
    traced(directory, treeOf(directory, 'old'));
    const { stderr } = traced(directory, treeOf(directory, 'new'), ['-e', 'inject=rename,renameat,renameat2:error=EIO:when=2']);
    assert.match(stderr, /EIO/);
    assert.equal(readFileSync(join(directory, 'prod/e'), 'utf8'), 'olde');
    for (const name of ['.kubekiln-new.prod', '.kubekiln-old.prod']) assert.equal(existsSync(join(directory, name)), false, name);
  });

  it('an fsync that fails is an error, and leaves what was there', () => {
    const directory = fresh('failed');
    const path = join(directory, 'f');
    writeFileSync(path, 'old');
    const inject = ['-e', 'inject=fsync:error=EIO'];
    assert.match(traced(directory, `replaceFile(${JSON.stringify(path)}, 'new', 0o600);`, inject).stderr, /EIO/);
    assert.equal(readFileSync(path, 'utf8'), 'old');
    traced(directory, treeOf(directory, 'old'));
    assert.match(traced(directory, treeOf(directory, 'new'), inject).stderr, /EIO/);
    assert.equal(readFileSync(join(directory, 'prod/e'), 'utf8'), 'olde');
  });
});
