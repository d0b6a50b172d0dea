// kubekiln fetch, images: out of Debian's docker-registry, through a proxy that makes each fault of a registry.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { emptyDirectory } from '../cli/program.ts';
import { type DockerRegistry, pushImage, REGISTRY_LOGIN, startDockerRegistry } from '../mirror/docker-registry.ts';
import { startMirror } from '../mirror/faulty-mirror.ts';
import { type FaultyProxy, type ProxyFault, startFaultyProxy } from '../mirror/faulty-proxy.ts';
import { digestOf, type TinyImage, type TinySettings, tinyImage } from '../mirror/tiny-image.ts';
import { startTokenServer } from '../mirror/token-server.ts';
import { missingTool } from '../missing-tool.ts';
import { type FetchProject, fetchProject } from './fetch-project.ts';

const skip = missingTool('docker-registry');
const PAUSE = 'registry.invalid/pause:3.10.2';
const DNS = 'registry.invalid/coredns:v1.14.6';

describe('kubekiln fetch: images', { skip }, () => {
  let storage: string;
  let registry: DockerRegistry;
  let proxy: FaultyProxy;
  let project: FetchProject;
  const pause = tinyImage('pause', { architectures: ['arm64', 'amd64'] });
  const dns = tinyImage('dns', { single: true, media: 'docker' });
  const hex = (bytes: Uint8Array) => digestOf(bytes).slice('sha256:'.length);
  const stored = (bytes: Uint8Array) => existsSync(join(project.cache, 'sha256', hex(bytes)));
  const layerOf = (image: TinyImage, place = 1) => image.parts.at(-1)?.layers[place] ?? Buffer.alloc(0);

  /** Programs are not the subject: they lie in a directory. */
  const setUp = (endpoint: string, authority: string) => {
    project = fetchProject();
    writeFileSync(join(project.directory, 'ca.pem'), authority);
    project.set(`  registries: {mirrors: {registry.invalid: {endpoint: ["${endpoint}"], caFile: ca.pem}}}\n`);
  };
  /** The errors, those of programs aside: nobody has them here. */
  const fetchImages = async (...args: string[]) => {
    const result = await project.fetch('--mirror', `${proxy.url}/none`, ...args);
    const found = [...result.stderr.matchAll(/^(error|warning)\[([a-z-]+)\]: (.*)$/gm)].map(
      ([, kind, code, text]) => `${kind} ${code}: ${text}`,
    );
    return { ...result, found: found.filter(text => text.includes('registry.invalid')) };
  };
  const login = (host: string, { username, password } = REGISTRY_LOGIN) => {
    const file = join(project.directory, 'secrets.yaml');
    const text = readFileSync(file, 'utf8').replace(/^registryCredentials:\n- .*\n/m, '');
    writeFileSync(
      file,
      text.replace(/^etcd:/m, `registryCredentials:\n- {host: "${host}", username: ${username}, password: ${password}}\netcd:`),
    );
  };

  before(async () => {
    storage = emptyDirectory();
    registry = await startDockerRegistry(storage);
    proxy = await startFaultyProxy(registry.url);
    await pushImage(registry, 'pause', '3.10.2', pause);
    await pushImage(registry, 'coredns', 'v1.14.6', dns);
    await pushImage(registry, 'k8s/pause', '3.10.2', pause);
    await pushImage(registry, 'k8s/coredns', 'v1.14.6', dns);
  });
  after(async () => {
    await proxy?.close();
    await registry?.close();
  });
  beforeEach(() => {
    proxy.requests.length = 0;
    proxy.faults.length = 0;
    setUp(proxy.url, proxy.authority);
  });

  it('brings index, manifest, configuration and layers of the architecture of the nodes, and pins what the tag led to', async () => {
    const { found, stderr } = await fetchImages();
    assert.deepEqual(found, [], stderr);
    const [arm, amd] = pause.parts;
    assert.ok(arm && amd);
    for (const { bytes } of [...dns.documents, ...pause.documents.slice(1)]) assert.ok(stored(bytes));
    for (const blob of [amd.config, ...amd.layers, ...dns.blobs]) assert.ok(stored(blob));
    for (const blob of [arm.manifest, arm.config, arm.layers[1] ?? Buffer.alloc(0)]) assert.ok(!stored(blob), 'not for these nodes');
    const { images } = project.list();
    assert.deepEqual(Object.fromEntries(images.map(({ image, digest }) => [image, digest])), { [PAUSE]: pause.digest, [DNS]: dns.digest });
    proxy.requests.length = 0;
    assert.deepEqual((await fetchImages()).found, []);
    assert.deepEqual(
      proxy.requests.filter(({ path }) => path.startsWith('/v2/')),
      [],
      'a second run asks nobody',
    );
  });

  it('asks the path of a mirror, and the next one or the registry itself when it has not the image', async () => {
    const empty = await startMirror();
    try {
      setUp(`${empty.url}", "${proxy.url}/v2/k8s`, `${empty.authority}${proxy.authority}`);
      const { found, stderr } = await fetchImages();
      assert.deepEqual(found, [], stderr);
      assert.ok(empty.requests.some(({ path }) => path === '/v2/pause/manifests/3.10.2?ns=registry.invalid'));
      assert.ok(proxy.requests.some(({ path }) => path.startsWith('/v2/k8s/pause/manifests/')));
      assert.ok(stored(layerOf(pause)));
    } finally {
      await empty.close();
    }
  });

  it('goes on after connections that break, answers of 503 and 429, in the middle of a layer too', async () => {
    const layer = new RegExp(`pause/blobs/${digestOf(layerOf(pause))}`);
    proxy.faults.push(
      [/pause\/manifests/, { status: 503 }],
      [/pause\/manifests/, 'half'],
      [layer, 'half'],
      [layer, { status: 429, retryAfter: '1' }],
    );
    const { found, stderr } = await fetchImages();
    assert.deepEqual(found, [], stderr);
    const size = Math.ceil(layerOf(pause).length / 2);
    assert.deepEqual(
      proxy.requests.filter(({ path }) => layer.test(path)).map(({ range }) => range),
      [undefined, `bytes=${size}-`, `bytes=${size}-`],
    );
  });

  const blob = new RegExp(`pause/blobs/${digestOf(layerOf(pause))}`);
  const lies: readonly (readonly [string, RegExp, ProxyFault, RegExp, RegExp])[] = [
    [
      'a layer of other bytes',
      blob,
      'wrong-bytes',
      /^error digest-mismatch: registry\.invalid\/pause:3\.10\.2 has another digest/,
      /kept as .*rejected\/[0-9a-f]{64}-blob/,
    ],
    [
      'a layer that is longer than its manifest says',
      blob,
      'endless',
      /^error size-mismatch: registry\.invalid\/pause/,
      /longer than the \d+ bytes that its manifest says/,
    ],
    [
      'a header with another digest',
      /pause\/manifests\/3/,
      'wrong-digest',
      /^error digest-mismatch: registry\.invalid\/pause/,
      /not 0{64}/,
    ],
    [
      'a manifest of other bytes',
      /pause\/manifests\/sha256/,
      'wrong-bytes',
      /^error digest-mismatch: registry\.invalid\/pause/,
      /kept as .*manifest\.json/,
    ],
    [
      'no such tag',
      /pause\/manifests\/3/,
      { status: 404 },
      /^error image-not-found: registry\.invalid\/pause:3\.10\.2 is in no registry/,
      /the server answered 404/,
    ],
    [
      'no access',
      /pause\/manifests\/3/,
      { status: 403 },
      /^error login-refused: registry\.invalid\/pause/,
      /registryCredentials: \[\{host: localhost/,
    ],
    [
      'errors without end',
      /pause\/manifests\/3/,
      { status: 500 },
      /^error download-failed: registry\.invalid\/pause:3\.10\.2 did not come/,
      /the server answered 500/,
    ],
  ];
  for (const [what, pattern, fault, error, reason] of lies)
    it(`names a registry that has ${what}, and brings the other image`, async () => {
      for (let times = 0; times < (typeof fault === 'object' && 'status' in fault && fault.status === 500 ? 4 : 1); times++)
        proxy.faults.push([pattern, fault]);
      const { code, found, stderr } = await fetchImages();
      assert.equal(code, 1);
      assert.equal(found.length, 1, stderr);
      assert.match(found[0] ?? '', error);
      assert.match(stderr, reason);
      assert.ok(stored(layerOf(dns)));
      assert.match(project.lockText(), new RegExp(dns.digest));
      assert.doesNotMatch(project.lockText(), new RegExp(pause.digest));
      if (fault === 'wrong-bytes') assert.equal(readdirSync(join(project.cache, 'rejected')).length, 1);
    });

  const bad: readonly (readonly [string, TinySettings, RegExp, RegExp])[] = [
    ['an index without the architecture', { architectures: ['arm64'] }, /^error wrong-architecture/, /only for linux\/arm64/],
    [
      'a manifest of another architecture',
      { architectures: ['arm64'], single: true },
      /^error wrong-architecture/,
      /says linux\/arm64, not linux\/amd64/,
    ],
    ['layers that are shorter than it says', { lie: 10 }, /^error size-mismatch/, /it ends after \d+ of \d+ bytes/],
    ['layers that are longer than it says', { lie: -10 }, /^error size-mismatch/, /longer than the \d+ bytes/],
    ['a configuration that contradicts its index', { configArchitecture: 'arm64' }, /^error wrong-architecture/, /says linux\/arm64/],
  ];
  for (const [place, [what, settings, error, reason]] of bad.entries())
    it(`refuses an image with ${what}`, async () => {
      await pushImage(registry, `bad${place}/pause`, '3.10.2', tinyImage(what, settings));
      setUp(`${proxy.url}/v2/bad${place}`, proxy.authority);
      const { found, stderr } = await fetchImages();
      assert.match(found.find(text => text.includes('pause')) ?? '', error);
      assert.match(stderr, reason);
      assert.doesNotMatch(project.lockText(), /pause/);
    });

  it('says that a tag has moved, and takes what is pinned', async () => {
    await fetchImages();
    const moved = tinyImage('moved');
    await pushImage(registry, 'k8s/pause', '3.10.2', moved);
    project.replace(new RegExp(proxy.url), `${proxy.url}/v2/k8s`);
    const { found, stderr } = await fetchImages('--cache-dir', join(project.directory, 'second'));
    assert.deepEqual(found, [`warning tag-moved: ${PAUSE} leads to ${moved.digest} now; what cluster.lock.yaml pins was fetched`], stderr);
    assert.ok(existsSync(join(project.directory, 'second/sha256', hex(layerOf(pause)))));
    assert.ok(!existsSync(join(project.directory, 'second/sha256', hex(layerOf(moved)))));
    await pushImage(registry, 'k8s/pause', '3.10.2', pause);
  });

  it('logs in with a password, which a redirect does not carry to another host', async () => {
    const closed = await startDockerRegistry(storage, 'basic');
    const front = await startFaultyProxy(closed.url);
    const elsewhere = await startMirror({ address: '127.0.0.2' });
    try {
      setUp(front.url, `${front.authority}${elsewhere.authority}`);
      const refused = await fetchImages();
      assert.ok(refused.found.every(text => /^error login-refused: .* is behind a login$/.test(text)));
      login(`localhost:${front.port}`, { username: 'robot', password: 'wr0ng' });
      const wrong = await fetchImages();
      assert.match(wrong.stderr, /the server answered 401: it refuses the login of robot/);
      assert.ok(!wrong.stderr.includes('wr0ng'));
      login(`localhost:${front.port}`);
      front.faults.push([new RegExp(digestOf(layerOf(pause))), { redirect: `https://127.0.0.2:${new URL(elsewhere.url).port}/blob` }]);
      elsewhere.files.set('/blob', layerOf(pause));
      // The redirect must be met by the request that is logged in: the first one to this image is challenged long before.
      const { found, stderr } = await fetchImages();
      assert.deepEqual(found, [], stderr);
      assert.deepEqual(
        elsewhere.requests.map(({ path, authorization }) => [path, authorization]),
        [['/blob', undefined]],
      );
      assert.ok(front.requests.some(({ authorization }) => authorization?.startsWith('Basic ')));
    } finally {
      await Promise.all([front.close(), elsewhere.close(), closed.close()]);
    }
  });

  it('gets a token for one repository at a time, anonymously or with a password, and names a server that gives none', async () => {
    const tokens = await startTokenServer();
    const closed = await startDockerRegistry(storage, { realm: `${tokens.url}/token`, ...tokens });
    const front = await startFaultyProxy(closed.url);
    try {
      setUp(front.url, `${front.authority}${tokens.authority}`);
      const open = await fetchImages();
      assert.deepEqual(open.found, [], open.stderr);
      assert.deepEqual(tokens.requests.map(({ scope, authorization }) => [scope, authorization]).toSorted(), [
        ['repository:coredns:pull', undefined],
        ['repository:pause:pull', undefined],
      ]);
      assert.equal(tokens.requests[0]?.service, tokens.service);
      tokens.login = `${REGISTRY_LOGIN.username}:${REGISTRY_LOGIN.password}`;
      const second = ['--cache-dir', join(project.directory, 'second')];
      const refused = await fetchImages(...second);
      assert.match(refused.stderr, /localhost:\d+, which gives its tokens: the server answered 401/);
      login(`localhost:${front.port}`);
      tokens.faults.push(503);
      const { found, stderr } = await fetchImages(...second);
      assert.deepEqual(found, [], stderr);
      assert.ok(
        front.requests.every(({ authorization }) => authorization === undefined || authorization.startsWith('Bearer ')),
        'the password goes to the token server alone',
      );
      assert.ok(existsSync(join(project.directory, 'second/sha256', hex(layerOf(pause)))));
    } finally {
      await Promise.all([front.close(), tokens.close(), closed.close()]);
    }
  });

  it('does not send a password to a token server without TLS', async () => {
    const plain = await startMirror({ plain: true });
    const closed = await startDockerRegistry(storage, {
      realm: `${plain.url}/token`,
      service: 'one',
      issuer: 'two',
      certificates: proxy.authority,
    });
    const front = await startFaultyProxy(closed.url);
    try {
      setUp(front.url, front.authority);
      login(`localhost:${front.port}`);
      const { stderr } = await fetchImages();
      assert.match(stderr, /it asks for a token of http:\/\/localhost:\d+, which has no TLS: the password is not sent there/);
      assert.deepEqual(plain.requests, []);
    } finally {
      await Promise.all([front.close(), plain.close(), closed.close()]);
    }
  });

  it('continues the half of a layer that a killed run left', async () => {
    const layer = layerOf(pause);
    mkdirSync(join(project.cache, 'partial'), { recursive: true });
    writeFileSync(join(project.cache, 'partial', hex(layer)), layer.subarray(0, 100));
    assert.deepEqual((await fetchImages()).found, []);
    assert.deepEqual(
      proxy.requests.filter(({ path }) => path.includes(hex(layer))).map(({ range }) => range),
      ['bytes=100-'],
    );
    assert.ok(stored(layer));
  });
});
