// kubekiln fetch, programs: a mirror that misbehaves, halves that are continued, digests that do not match.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { closedPort, type Mirror, startMirror } from '../mirror/faulty-mirror.ts';
import { type FetchProject, fetchProject, type Listed, programBytes, sha256, upstreamBytes } from './fetch-project.ts';

describe('kubekiln fetch: programs', () => {
  let mirror: Mirror;
  let project: FetchProject;
  let programs: Listed['binaries'];
  const pathOf = (url: string) => `/k/${url.slice('https://'.length)}`;
  const program = (name: string) => {
    const found = programs.find(one => one.name === name);
    assert.ok(found);
    return { ...found, path: pathOf(found.url), content: upstreamBytes(found) };
  };
  const blob = (hex: string) => join(project.cache, 'sha256', hex);
  const rejected = () => readdirSync(join(project.cache, 'rejected'));
  /** No registry is asked in these tests: images are pinned to what nobody has, so that they are the only errors. */
  const fetchPrograms = async (...args: string[]) => {
    const { stderr, ...rest } = await project.fetch('--mirror', `${mirror.url}/k`, ...args);
    const errors = [...stderr.matchAll(/^error\[([a-z-]+)\]: (.*)$/gm)].filter(([, , text]) => !/registry\.invalid/.test(text ?? ''));
    return { ...rest, stderr, errors: errors.map(([, code, text]) => `${code}: ${text}`) };
  };

  before(async () => {
    mirror = await startMirror();
  });
  after(() => mirror.close());
  beforeEach(() => {
    project = fetchProject();
    writeFileSync(join(project.directory, 'ca.pem'), mirror.authority);
    project.set(
      `  downloads: {caFile: ca.pem}\n  binaries: {source: mirror, url: "${mirror.url}/k"}\n  registries: {mirrors: {registry.invalid: {endpoint: ["${mirror.url}/none"], caFile: ca.pem}}}\n`,
    );
    programs = project.list().binaries;
    mirror.requests.length = 0;
    mirror.files.clear();
    mirror.faults.clear();
    delete mirror.login;
    for (const one of programs) mirror.files.set(pathOf(one.url), upstreamBytes(one));
  });

  it('brings each program under its digest, pins what it trusted, and fetches nothing twice', async () => {
    const kubectl = program('kubectl');
    mirror.files.set(`${kubectl.path}.sha256`, Buffer.from(`${sha256(kubectl.content)}  kubectl\n`));
    const first = await fetchPrograms();
    assert.deepEqual(first.errors, []);
    for (const { name } of programs) {
      const { content } = program(name);
      assert.deepEqual(readFileSync(blob(sha256(content))), content);
      assert.equal(statSync(blob(sha256(content))).mode & 0o777, 0o644);
      assert.match(project.lockText(), new RegExp(sha256(content)), 'pinned, although images failed');
    }
    assert.deepEqual(readdirSync(join(project.cache, 'partial')), []);
    mirror.requests.length = 0;
    assert.deepEqual((await fetchPrograms()).errors, []);
    assert.deepEqual(
      mirror.requests.filter(({ path }) => path.startsWith('/k/')),
      [],
    );
  });

  it('believes the .sha256 file of a mirror and not the bytes beside it', async () => {
    const { path, content } = program('kubectl');
    mirror.files.set(`${path}.sha256`, Buffer.from(`${sha256(Buffer.from('other'))}\n`));
    const { code, errors, stderr } = await fetchPrograms();
    assert.equal(code, 1);
    assert.deepEqual(errors, ['digest-mismatch: kubectl v1.37.1 (amd64) has another digest than it should']);
    assert.match(stderr, /What is complete stays in the store/);
    const kept = rejected();
    assert.equal(kept.length, 1);
    assert.match(stderr, new RegExp(`is kept as .*${kept[0]}`));
    assert.deepEqual(readFileSync(join(project.cache, 'rejected', kept[0] ?? '')), content);
    assert.ok(!existsSync(blob(sha256(content))));
  });

  it('names the mirror whose bytes changed after they were pinned, and takes the right ones from the next', async () => {
    await fetchPrograms();
    const { path, content } = program('kubelet');
    const other = await startMirror();
    try {
      mirror.files.set(path, programBytes('changed'));
      const again = ['--cache-dir', join(project.directory, 'second')];
      const alone = await fetchPrograms(...again);
      assert.deepEqual(alone.errors, ['digest-mismatch: kubelet v1.37.1 (amd64) has another digest than it should']);
      writeFileSync(join(project.directory, 'ca.pem'), `${mirror.authority}${other.authority}`);
      other.files.set(path, content);
      const both = await fetchPrograms('--mirror', `${other.url}/k`, ...again);
      assert.deepEqual(both.errors, []);
      assert.match(both.stderr, /warning\[digest-mismatch\]: kubelet .* came from .*since another server gave something else/);
      assert.deepEqual(readFileSync(join(project.directory, 'second/sha256', sha256(content))), content);
    } finally {
      await other.close();
    }
  });

  it('goes on after connections that break, answers of 500 and 429, and comes back when it is told to', async () => {
    const kubelet = program('kubelet');
    mirror.faults.set(kubelet.path, ['half', { status: 500 }, 'half', { status: 429, retryAfter: '1' }]);
    assert.deepEqual((await fetchPrograms()).errors, []);
    const asked = mirror.requests.filter(({ path }) => path === kubelet.path).map(({ range }) => range);
    assert.deepEqual(asked, [undefined, 'bytes=2048-', 'bytes=2048-', 'bytes=3072-', 'bytes=3072-']);
    assert.deepEqual(readFileSync(blob(sha256(kubelet.content))), kubelet.content);
  });

  for (const [what, faults] of [
    ['sends the whole again', ['half', 'no-range']],
    ['sends another range', ['half', 'wrong-range']],
  ] as const)
    it(`starts anew when the server ${what}`, async () => {
      const { path, content } = program('kubelet');
      mirror.faults.set(path, [...faults]);
      assert.deepEqual((await fetchPrograms()).errors, []);
      assert.deepEqual(readFileSync(blob(sha256(content))), content);
    });

  it('continues the half of a killed run, and starts anew where the half is of other bytes', async () => {
    await fetchPrograms();
    const cache = join(project.directory, 'second');
    mkdirSync(join(cache, 'partial'), { recursive: true });
    const [good, bad] = [program('kubelet'), program('kubectl')];
    writeFileSync(join(cache, 'partial', sha256(good.content)), good.content.subarray(0, 1000));
    writeFileSync(join(cache, 'partial', sha256(bad.content)), Buffer.alloc(1000, 7));
    mirror.requests.length = 0;
    assert.deepEqual((await fetchPrograms('--cache-dir', cache)).errors, []);
    const asked = (path: string) => mirror.requests.filter(one => one.path === path).map(({ range }) => range);
    assert.deepEqual(asked(good.path), ['bytes=1000-']);
    assert.deepEqual(asked(bad.path), ['bytes=1000-', undefined]);
    for (const { content } of [good, bad]) assert.deepEqual(readFileSync(join(cache, 'sha256', sha256(content))), content);
  });

  it('gives up a server that asks for an hour of patience, and one that answers 404 at once', async () => {
    const { path } = program('kubelet');
    mirror.faults.set(path, [{ status: 429, retryAfter: '3600' }]);
    mirror.files.delete(program('etcd').path);
    const { code, stderr, errors } = await fetchPrograms();
    assert.equal(code, 1);
    assert.equal(errors.length, 2);
    assert.match(stderr, /the server answered 429, and asks to come back in 60 minutes/);
    assert.match(stderr, /etcd-v3.*: the server answered 404/);
    assert.equal(mirror.requests.filter(one => one.path === path).length, 1);
  });

  it('sends the password of a mirror to that host alone, and never without TLS to another', async () => {
    const [strange, plain] = [await startMirror({ address: '127.0.0.2' }), await startMirror({ plain: true, address: '127.0.0.3' })];
    try {
      const secrets = join(project.directory, 'secrets.yaml');
      const text = readFileSync(secrets, 'utf8');
      mirror.login = 'node:w0rd';
      const refused = await fetchPrograms();
      assert.ok(
        refused.errors.every(error => /^login-refused: .* is behind a login$/.test(error)),
        refused.stderr,
      );
      assert.equal(refused.errors.length, programs.length);
      const logins =
        'downloadCredentials:\n- {host: localhost, username: node, password: w0rd}\n- {host: 127.0.0.3, username: node, password: w0rd}\netcd:';
      writeFileSync(secrets, text.replace(/^etcd:/m, logins));
      writeFileSync(join(project.directory, 'ca.pem'), `${mirror.authority}${strange.authority}`);
      const [moved, leaves] = [program('kubelet'), program('kubectl')];
      const there = `https://127.0.0.2:${new URL(strange.url).port}`;
      mirror.faults.set(moved.path, [{ redirect: `${there}/moved` }]);
      mirror.faults.set(leaves.path, [{ redirect: `http://127.0.0.3:${new URL(plain.url).port}/moved` }]);
      strange.files.set('/moved', moved.content);
      const { errors, stderr, stdout } = await fetchPrograms();
      assert.equal(errors.length, 1);
      assert.match(stderr, /kubectl: it redirects to http:\/\/127\.0\.0\.3:\d+, out of TLS/);
      assert.deepEqual(
        strange.requests.map(({ path, authorization }) => [path, authorization]),
        [['/moved', undefined]],
      );
      assert.deepEqual(plain.requests, []);
      assert.ok(!(stdout + stderr + project.lockText()).includes('w0rd'));
    } finally {
      await Promise.all([strange.close(), plain.close()]);
    }
  });

  it('refuses programs for another machine, pages that are none, and archives that are none', async () => {
    mirror.files.set(program('kubelet').path, programBytes('x', 'arm64'));
    mirror.files.set(program('kubectl').path, Buffer.from('<html>please log in</html>'));
    mirror.files.set(program('etcd').path, Buffer.from('<html>please log in</html>'));
    const { errors, stderr } = await fetchPrograms();
    assert.deepEqual(errors.toSorted(), [
      'artifact-unsupported: etcd v3.6.16 (amd64) is not what upstream publishes',
      'wrong-architecture: kubectl v1.37.1 (amd64) is for other machines than the nodes',
      'wrong-architecture: kubelet v1.37.1 (amd64) is for other machines than the nodes',
    ]);
    assert.match(stderr, /it is a program for arm64, not amd64; it is kept as/);
    assert.match(stderr, /it is no program: it begins with "<html>pl"/);
    assert.equal(rejected().length, 3);
    assert.doesNotMatch(project.lockText(), /bin\/linux\/amd64\/kubelet/);
  });

  it('two runs at once bring the same store, and one of them does the work', async () => {
    const runs = await Promise.all([fetchPrograms(), fetchPrograms()]);
    for (const { errors } of runs) assert.deepEqual(errors, []);
    for (const { name } of programs) assert.deepEqual(readFileSync(blob(sha256(program(name).content))), program(name).content);
    assert.deepEqual(readdirSync(join(project.cache, 'partial')), []);
    assert.deepEqual((await fetchPrograms()).errors, []);
  });

  it('takes programs from a directory, at their upstream paths or by name, and asks nobody with --offline', async () => {
    const stick = join(project.directory, 'stick');
    for (const [index, { name, url }] of programs.entries()) {
      const path = join(stick, index % 2 === 0 ? url.slice('https://'.length) : (url.split('/').at(-1) ?? ''));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, program(name).content);
    }
    mirror.requests.length = 0;
    const { errors } = await fetchPrograms('--offline', '--from', stick);
    assert.deepEqual(errors, []);
    assert.deepEqual(mirror.requests, []);
    for (const { name } of programs) assert.deepEqual(readFileSync(blob(sha256(program(name).content))), program(name).content);
  });

  it('names a mirror that is down, and refuses a mirror that is none', async () => {
    const port = await closedPort();
    const down = await project.fetch('--mirror', `https://localhost:${port}`);
    assert.match(down.stderr, /ECONNREFUSED/);
    for (const [url, message] of [
      ['ftp://mirror', /--mirror ftp:\/\/mirror: it has the scheme ftp/],
      ['https://me:word@mirror', /--mirror holds a user name or password/],
    ] as const) {
      const { code, stderr } = await project.fetch('--mirror', url);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.ok(!stderr.includes('word@'));
    }
  });
});
