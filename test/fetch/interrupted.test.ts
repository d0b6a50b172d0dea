// kubekiln fetch that is interrupted, killed, doubled or out of room: whatever has a name in the store is whole, and the rest goes on.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { smallDisk, startKubekiln } from '../cli/program.ts';
import { type Mirror, startMirror } from '../mirror/faulty-mirror.ts';
import { type FetchProject, fetchProject, type Listed, programBytes, sha256 } from './fetch-project.ts';

const SIZE = 2 * 2 ** 20;

describe('kubekiln fetch, interrupted', () => {
  let mirror: Mirror;
  let project: FetchProject;
  let programs: readonly { readonly path: string; readonly content: Buffer }[];
  const args = () => ['fetch', '--cache-dir', project.cache, '--mirror', mirror.url];
  const complete = () => {
    const directory = join(project.cache, 'sha256');
    return existsSync(directory) ? readdirSync(directory) : [];
  };
  const assertWhole = () => {
    for (const name of complete()) assert.equal(sha256(readFileSync(join(project.cache, 'sha256', name))), name);
  };
  const assertAll = () => {
    assertWhole();
    for (const { content } of programs) assert.ok(complete().includes(sha256(content)));
    assert.deepEqual(readdirSync(join(project.cache, 'partial')), []);
  };
  const partialBytes = () => {
    const directory = join(project.cache, 'partial');
    const names = existsSync(directory) ? readdirSync(directory).filter(name => /^[0-9a-f]{64}$/.test(name)) : [];
    return names.reduce((sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  };
  before(async () => {
    mirror = await startMirror({ plain: true });
  });
  after(() => mirror.close());
  beforeEach(() => {
    project = fetchProject();
    mirror.requests.length = 0;
    delete mirror.pace;
    mirror.files.clear();
    programs = project.list().binaries.map((one: Listed['binaries'][number]) => {
      const content = /gz$/.test(one.url)
        ? Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(SIZE, one.url)])
        : programBytes(one.url, 'amd64', SIZE);
      const path = `/${one.url.slice('https://'.length)}`;
      mirror.files.set(path, content);
      mirror.files.set(`${path}.sha256`, Buffer.from(sha256(content)));
      return { path, content };
    });
  });

  /** Until so many bytes of halves are there. */
  const halfWay = async (bytes: number) => {
    for (let round = 0; partialBytes() < bytes; round++) {
      assert.ok(round < 500, 'no half appears');
      await sleep(20);
    }
  };

  it('leaves halves on Ctrl-C, and goes on from them', async () => {
    mirror.pace = 20;
    const child = startKubekiln(args(), project.directory);
    await halfWay(2 ** 20);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    assert.equal(code, 130);
    const left = partialBytes();
    assert.ok(left >= 2 ** 20, `${left} bytes of halves`);
    assert.deepEqual(
      readdirSync(join(project.cache, 'partial')).filter(name => name.startsWith('.kubekiln-')),
      [],
    );
    assertWhole();
    delete mirror.pace;
    mirror.requests.length = 0;
    await project.fetch('--mirror', mirror.url);
    assertAll();
    const resumed = mirror.requests.filter(({ range }) => range !== undefined).map(({ range }) => Number(/\d+/.exec(range ?? '')?.[0]));
    assert.equal(
      resumed.reduce((sum, from) => sum + from, 0),
      left,
      'every byte that had come was kept',
    );
  });

  it('six runs killed at any moment, two at once among them, leave nothing that is not whole', async () => {
    mirror.pace = 5;
    for (let kill = 0; kill < 3; kill++) {
      const children = [startKubekiln(args(), project.directory), startKubekiln(args(), project.directory)];
      await halfWay(2 ** 20);
      await sleep(150 * kill);
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(children.map(child => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
      assertWhole();
    }
    delete mirror.pace;
    await Promise.all([project.fetch('--mirror', mirror.url), project.fetch('--mirror', mirror.url)]);
    assertAll();
  });

  it('names a full disk and what is missing, loses nothing complete, and goes on when there is room', async context => {
    mkdirSync(project.cache);
    if (smallDisk(context, 'size=9m', project.cache) === undefined) return;
    const { code, stderr } = await project.fetch('--mirror', mirror.url, '--parallel', '2');
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`error\\[disk-full\\]: ${project.cache}/\\S+: no space left on the file system`));
    assert.match(stderr, /--cache-dir/);
    const [kept, missing] = [complete(), [...stderr.matchAll(/^ +missing: (.*)$/gm)].map(([, name]) => name)];
    assert.ok(kept.length >= 2, `${kept.length} complete`);
    assert.equal(missing.length, programs.length + 2 - kept.length);
    assertWhole();
    for (const name of kept) assert.match(project.lockText(), new RegExp(name));
    spawnSync('mount', ['-o', 'remount,size=64m', project.cache]);
    mirror.requests.length = 0;
    await project.fetch('--mirror', mirror.url);
    assertAll();
    const asked = mirror.requests.map(({ path }) => path).filter(path => !path.endsWith('.sha256'));
    assert.equal(asked.filter(path => mirror.files.has(path)).length, programs.length - kept.length, asked.join('\n'));
  });
});
