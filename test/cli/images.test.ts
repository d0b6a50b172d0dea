// Programs by reference: the list of what a cluster needs, digests from a mirror that misbehaves, and builds that want them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { closedPort, type Mirror, startMirror } from '../mirror/faulty-mirror.ts';
import { kubekilnBeside as kubekiln, newProject, pinImages, succeed } from './program.ts';

interface List {
  readonly binaries: readonly {
    readonly name: string;
    readonly version: string;
    readonly architecture: string;
    readonly url: string;
    readonly sha256?: string;
  }[];
  readonly images: readonly { readonly image: string; readonly usedBy: string; readonly digest?: string }[];
  readonly packages: readonly { readonly path: string }[];
}

const list = (cwd: string): List => JSON.parse(succeed(['images', 'list', '-o', 'json'], { cwd }).stdout);
const contentOf = (url: string) => Buffer.from(`content of ${url}`);
const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

describe('binaries: {source: mirror}', () => {
  let directory: string;
  let mirror: Mirror;
  const lockText = () => readFileSync(join(directory, 'cluster.lock.yaml'), 'utf8');
  const pathOf = (url: string) => `/k/${url.slice('https://'.length)}`;
  const setBinaries = (text: string) => {
    const file = join(directory, 'cluster.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8')
        .replace(/^ {2}(binaries|downloads): .*\n/gm, '')
        .replace(/^ {2}nodes:/m, `${text}  nodes:`),
    );
  };
  before(async () => {
    directory = newProject();
    mirror = await startMirror();
    writeFileSync(join(directory, 'ca.pem'), mirror.authority);
    setBinaries(`  binaries: {source: mirror, url: "${mirror.url}/k"}\n  downloads: {caFile: ca.pem}\n`);
  });
  after(() => mirror.close());

  it('images list names every program once, with version and upstream address', () => {
    const { binaries, images, packages } = list(directory);
    const names = binaries.map(({ name }) => name);
    for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kubelet', 'etcd', 'containerd'])
      assert.ok(names.includes(name), name);
    assert.equal(new Set(binaries.map(({ url }) => url)).size, binaries.length);
    assert.ok(binaries.every(({ sha256: digest }) => digest === undefined));
    assert.ok(images.some(({ image }) => /\/pause:/.test(image)));
    assert.ok(packages.some(({ path }) => path === '/usr/bin/openssl'));
    assert.match(
      succeed(['images', 'list'], { cwd: directory }).stdout,
      /^kube-apiserver +v1\.37\.\d+ +amd64 +- +https:\/\/dl\.k8s\.io\//m,
    );
  });

  it('a build without digests is an error with the remedy', async () => {
    const { code, stderr } = await kubekiln(['build'], directory);
    assert.equal(code, 1);
    assert.match(stderr, /error\[digest-missing\]: .*pins no SHA-256 of \d+ of the files/);
    assert.match(stderr, /https:\/\/dl\.k8s\.io\/v1\.37\.\d+\/bin\/linux\/amd64\/kube-apiserver/);
    assert.match(stderr, /kubekiln images pin/);
  });

  it('images pin names what no mirror has, and writes nothing', async () => {
    const before = lockText();
    const { code, stderr } = await kubekiln(['images', 'pin'], directory);
    assert.equal(code, 1);
    assert.match(stderr, /error\[download-failed\]: kube-apiserver .* is on no mirror/);
    assert.match(stderr, /the server answered 404/);
    assert.match(stderr, /Nothing was written/);
    assert.equal(lockText(), before);
  });

  it('images pin takes .sha256 files, or the files themselves, through faults, with credentials', async () => {
    const { binaries } = list(directory);
    for (const { url, name } of binaries) {
      mirror.files.set(pathOf(url), contentOf(url));
      if (name === 'kubectl') mirror.files.set(`${pathOf(url)}.sha256`, Buffer.from(`${'ab'.repeat(32)}  kubectl\n`));
      if (name === 'kube-scheduler') mirror.files.set(`${pathOf(url)}.sha256`, Buffer.from('<html>not found</html>'));
      if (name === 'kubelet') mirror.faults.set(pathOf(url), [{ status: 500 }, 'half']);
    }
    const moved = binaries.find(({ name }) => name === 'etcd');
    assert.ok(moved);
    mirror.files.set('/moved', contentOf(moved.url));
    mirror.faults.set(pathOf(moved.url), [{ redirect: '/moved' }]);
    mirror.login = 'node:word';
    const refused = await kubekiln(['images', 'pin'], directory);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /the server answered 401/);
    const secrets = join(directory, 'secrets.yaml');
    const text = readFileSync(secrets, 'utf8');
    writeFileSync(secrets, text.replace(/^etcd:/m, 'downloadCredentials:\n- {host: localhost, username: node, password: word}\netcd:'));
    const { code, stdout, stderr } = await kubekiln(['images', 'pin', '-o', 'json'], directory);
    assert.equal(code, 0, stderr);
    const pins: { binaries: { url: string; sha256: string; from: string }[] } = JSON.parse(stdout);
    for (const { url, sha256: digest, from } of pins.binaries) {
      assert.equal(digest, url.endsWith('/kubectl') ? 'ab'.repeat(32) : sha256(contentOf(url)), url);
      assert.ok(from.startsWith(mirror.url), from);
      assert.match(lockText(), new RegExp(digest));
    }
    assert.ok(!(stdout + stderr + lockText()).includes('word'));
    delete mirror.login;
  });

  it('a second pin keeps every digest and asks nobody; list shows them', async () => {
    const [before, asked] = [lockText(), mirror.requests.length];
    const { stdout } = await kubekiln(['images', 'pin'], directory);
    assert.match(stdout, /^0 digests pinned, \d+ kept/m);
    assert.equal(lockText(), before);
    assert.equal(mirror.requests.length, asked);
    assert.ok(list(directory).binaries.every(({ sha256: digest }) => /^[0-9a-f]{64}$/.test(digest ?? '')));
  });

  it('then it builds: each node has its table, credentials are in its identity only, and the lock keeps the digests', async () => {
    const { stderr, code } = await kubekiln(['build'], directory);
    assert.equal(code, 0, stderr);
    assert.match(lockText(), /^binaries:$/m);
    const show = (file: string) => succeed(['inspect', 'out/prod/nodes/cp-1/user-data.gz', '--show', file], { cwd: directory }).stdout;
    const table = show('/etc/kubekiln/binaries');
    assert.match(table, new RegExp(`^machine x86_64\nmirror ${mirror.url}/k\n`));
    assert.match(table, /^file [0-9a-f]{64} \/usr\/local\/bin\/kube-apiserver kube-apiserver\.service - dl\.k8s\.io\//m);
    assert.match(table, /^file [0-9a-f]{64} \/usr\/local\/bin\/etcdctl - etcd-v3\.6\.\d+-linux-amd64\/etcdctl github\.com\//m);
    assert.doesNotMatch(show('/etc/kubekiln/netrc'), /word$/m);
    assert.match(succeed(['verify'], { cwd: directory }).stdout, /nothing wrong/);
  });

  it('--locked refuses an image without a digest, until it is pinned', async () => {
    const { images } = list(directory);
    const { code, stderr } = await kubekiln(['build', '--locked'], directory);
    assert.equal(code, 1);
    for (const { image } of images) assert.match(stderr, new RegExp(`error\\[image-not-pinned\\]: .*${image.replaceAll('.', '\\.')}`));
    pinImages(directory);
    assert.equal((await kubekiln(['build', '--locked'], directory)).code, 0);
  });

  it('refuses a pin that is none, and one of an image that nobody needs', async () => {
    for (const [word, message] of [
      ['registry.k8s.io/pause:1', /must be IMAGE=sha256/],
      [`registry.k8s.io/nobody:1=sha256:${'12'.repeat(32)}`, /nothing of this cluster refers to it/],
    ] as const) {
      const { code, stderr } = await kubekiln(['images', 'pin', '--image', word], directory);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });

  it('says which mirror is down, and trusts no other authority', async () => {
    setBinaries(`  binaries: {source: mirror, url: "https://localhost:${await closedPort()}"}\n`);
    writeFileSync(join(directory, 'cluster.lock.yaml'), lockText().replace(/^binaries:\n(- .*\n| {2}.*\n)+/m, ''));
    const down = await kubekiln(['images', 'pin'], directory);
    assert.match(down.stderr, /ECONNREFUSED/);
    setBinaries(`  binaries: {source: mirror, url: "${mirror.url}/k"}\n`);
    const strange = await kubekiln(['images', 'pin'], directory);
    assert.equal(strange.code, 1);
    assert.match(strange.stderr, /certificate/);
  });
});
