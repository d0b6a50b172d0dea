// bundle create: read with plain tools, made again to the same bytes, killed, and refused what is not there.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { emptyDirectory, hasTool, kubekiln, skipWithout, smallDisk, startKubekiln, succeed } from '../cli/program.ts';
import { fillStore, pin, put, putManifest, type Sample, sampleProject } from './sample-store.ts';

const BUNDLE = 'prod-bundle.tar';
const ARM_WORKER = '\n  - {name: w-1, role: worker, address: 10.0.1.21, architecture: arm64}\n';
const mixed = (text: string) => `${text.trimEnd()}${ARM_WORKER}`;
const create = (sample: Sample, ...more: readonly string[]) => ['bundle', 'create', '--cache-dir', sample.store, ...more];
const temporary = (directory: string) => readdirSync(directory).filter(name => name.startsWith('.kubekiln-new'));

/** What the plain tools of any Linux find in a bundle. */
function unpack(file: string): { directory: string; members: readonly string[] } {
  const directory = emptyDirectory();
  execFileSync('tar', ['-xf', file, '-C', directory]);
  execFileSync('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: directory, stdio: 'pipe' });
  const members = execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n');
  return { directory, members };
}

const sha256 = (command: string, cwd: string) =>
  execFileSync('sh', ['-c', `${command} | sha256sum`], { cwd, encoding: 'utf8' }).slice(0, 64);

describe('bundle create', () => {
  let sample: Sample;
  let bundle: string;
  before(() => {
    sample = sampleProject(mixed);
    succeed(['build'], { cwd: sample.directory });
    renameSync(join(sample.directory, 'secrets.yaml'), join(sample.directory, 'kept-secrets.yaml'));
    succeed(create(sample), { cwd: sample.directory });
    bundle = join(sample.directory, BUNDLE);
  });

  it('GNU tar, sha256sum and gzip read it: each program as upstream publishes it, each architecture', () => {
    const { directory, members } = unpack(bundle);
    assert.deepEqual(members.slice(0, 3), ['kubekiln-bundle', 'SHA256SUMS', 'sbom.spdx.json']);
    const index = readFileSync(join(directory, 'kubekiln-bundle'), 'utf8').trimEnd().split('\n');
    assert.equal(index[0], 'kubekiln-bundle 1');
    assert.equal(index.length, members.length - 3 + 1);
    for (const line of index.slice(1)) {
      const [, digest = '', size = '', member = '', encoding = ''] = line.split(' ');
      const decoder = encoding === 'gz' ? `gzip -dc ${member}` : `cat ${member}`;
      assert.equal(sha256(decoder, directory), digest, line);
      assert.equal(execFileSync('sh', ['-c', `${decoder} | wc -c`], { cwd: directory, encoding: 'utf8' }).trim(), size, line);
    }
    for (const { url, sha256: digest } of sample.programs)
      assert.ok(
        index.some(line => line.startsWith(`file ${digest} `) && line.endsWith(` ${url.slice('https://'.length)}`)),
        url,
      );
    for (const { image, digest } of sample.images)
      for (const architecture of ['amd64', 'arm64'])
        assert.ok(
          index.some(line => line.endsWith(` ${architecture} ${digest} ${image}`)),
          image,
        );
    assert.ok(members.includes('programs/arm64/kubelet.gz'));
    assert.ok(!members.includes('programs/arm64/kube-apiserver.gz'), 'no arm64 node runs it');
    assert.equal(statSync(bundle).mode & 0o777, 0o644);
  });

  it('the runtime archive is the one of the build, and no keys were at hand', () => {
    const { directory, members } = unpack(bundle);
    const member = members.find(name => name.startsWith('runtime/')) ?? '';
    assert.deepEqual(readFileSync(join(directory, member)), readFileSync(join(sample.directory, 'out/prod/image/runtime.tar.gz')));
  });

  it('names no node and no address', () => {
    const text =
      readFileSync(bundle).toString('latin1') +
      execFileSync('sh', ['-c', `tar -xOf ${bundle} --wildcards 'runtime/*' | gzip -dc`]).toString('latin1');
    for (const word of ['cp-1', 'w-1', '10.0.1.1', '-----BEGIN ']) assert.ok(!text.includes(word), word);
  });

  it('an image is an OCI layout of its one architecture, under its own name and the digest that is pinned', () => {
    const { directory, members } = unpack(bundle);
    const { image, digest } = sample.images.find(one => one.image.includes('pause')) ?? { image: '', digest: '' };
    const member = members.find(name => name.startsWith('images/arm64/') && name.includes('pause')) ?? '';
    execFileSync('sh', ['-ec', `gzip -dc ${member} > image.tar && mkdir image && tar -xf image.tar -C image`], { cwd: directory });
    const layout = join(directory, 'image');
    const [descriptor, ...others] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;
    assert.deepEqual(others, []);
    assert.equal(descriptor.digest, digest);
    assert.equal(descriptor.annotations['io.containerd.image.name'], image);
    const blob = (name: string) => JSON.parse(readFileSync(join(layout, 'blobs', name.replace(':', '/')), 'utf8'));
    const chosen = blob(digest).manifests.find((one: { platform: { architecture: string } }) => one.platform.architecture === 'arm64');
    const manifest = blob(chosen.digest);
    assert.equal(blob(manifest.config.digest).architecture, 'arm64');
    const expected = [digest, chosen.digest, manifest.config.digest, manifest.layers[0].digest].map(name => name.slice('sha256:'.length));
    assert.deepEqual(readdirSync(join(layout, 'blobs/sha256')).sort(), expected.sort());
    for (const name of expected) assert.equal(sha256(`cat blobs/sha256/${name}`, layout), name);
  });

  it('the same input gives the same bytes, in another time zone, with another umask, from another directory', () => {
    for (const [zone, umask] of [
      ['Asia/Kolkata', 0o077],
      ['America/Lima', 0o002],
    ] as const) {
      const out = join(emptyDirectory(), 'other.tar');
      const cwd = emptyDirectory();
      succeed(['-f', join(sample.directory, 'cluster.yaml'), ...create(sample, '--out', out)], {
        cwd,
        env: { TZ: zone, LC_ALL: 'C' },
        umask,
      });
      assert.ok(readFileSync(out).equals(readFileSync(bundle)), zone);
      assert.equal(statSync(out).mode & 0o777, 0o644);
    }
  });

  it('--arch leaves the other one out, and refuses one that no node has', () => {
    const out = join(sample.directory, 'arm.tar');
    succeed(create(sample, '--arch', 'arm64', '--out', out), { cwd: sample.directory });
    const { members } = unpack(out);
    assert.ok(!members.some(name => name.includes('amd64/')));
    const other = sampleProject();
    const { code, stderr } = kubekiln(create(other, '--arch', 'arm64'), { cwd: other.directory });
    assert.equal(code, 2);
    assert.match(stderr, /--arch arm64: the nodes of prod are amd64/);
  });

  for (const [how, tool, suffix] of [
    ['zstd', 'zstd -dc', '.zst'],
    ['none', 'cat', ''],
  ] as const)
    it(`--compress ${how}`, context => {
      if (how === 'zstd' && skipWithout(context, hasTool('zstd'), 'zstd')) return;
      const out = join(sample.directory, `${how}.tar`);
      succeed(create(sample, '--compress', how, '--out', out), { cwd: sample.directory });
      const { directory } = unpack(out);
      const digest = sample.programs.find(({ url }) => url.endsWith('amd64/kube-apiserver'))?.sha256;
      assert.equal(sha256(`${tool} programs/amd64/kube-apiserver${suffix}`, directory), digest);
      assert.match(succeed(['bundle', 'verify', out], { cwd: sample.directory }).stdout, /every byte is as its index says/);
    });

  it('--compress zstd without zstd says so', () => {
    const { code, stderr } = kubekiln(create(sample, '--compress', 'zstd'), { cwd: sample.directory, env: { PATH: '/nonexistent' } });
    assert.equal(code, 1);
    assert.match(stderr, /error\[program-missing\]: .*zstd/);
  });

  it('killed at random moments and started again: never half a bundle, and the same bytes in the end', async () => {
    const whole = readFileSync(bundle);
    rmSync(bundle);
    const start = performance.now();
    succeed(create(sample), { cwd: sample.directory });
    const duration = performance.now() - start;
    for (let round = 0; round < 12; round++) {
      rmSync(bundle, { force: true });
      const child = startKubekiln(create(sample), sample.directory);
      const ended = once(child, 'exit');
      await sleep(Math.random() * duration);
      child.kill(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      await ended;
      if (readdirSync(sample.directory).includes(BUNDLE)) assert.ok(readFileSync(bundle).equals(whole), `round ${round}`);
      succeed(create(sample), { cwd: sample.directory });
      assert.ok(readFileSync(bundle).equals(whole), `round ${round}`);
      assert.deepEqual(temporary(sample.directory), []);
    }
  });
});

describe('bundle create: what it refuses', () => {
  it('names all that is not pinned, then all that is not in the store, with the remedy', () => {
    const sample = sampleProject();
    const unpinned = kubekiln(['init', 'fresh', '-f', 'fresh/cluster.yaml'], { cwd: sample.directory });
    assert.equal(unpinned.code, 0, unpinned.stderr);
    const fresh = kubekiln(['-f', 'fresh/cluster.yaml', ...create(sample)], { cwd: sample.directory });
    assert.equal(fresh.code, 1);
    assert.match(fresh.stderr, /error\[digest-missing\]: .*pins no digest of \d+ /);
    for (const { url } of sample.programs) assert.ok(fresh.stderr.includes(url), url);
    for (const { image } of sample.images) assert.ok(fresh.stderr.includes(image), image);
    assert.match(fresh.stderr, /kubekiln fetch/);

    const [program] = sample.programs;
    assert.ok(program);
    rmSync(join(sample.store, 'sha256', program.sha256));
    const layer = gzipSync(Buffer.from(`${sample.images[0]?.image} on amd64\n`.repeat(5000)));
    const layerDigest = put(sample.store, layer);
    rmSync(join(sample.store, 'sha256', layerDigest));
    const { code, stderr } = kubekiln(create(sample), { cwd: sample.directory });
    assert.equal(code, 1);
    assert.match(stderr, /error\[not-fetched\]: the artifact store lacks 2 /);
    assert.ok(stderr.includes(program.url));
    assert.ok(stderr.includes(`${sample.images[0]?.image} (amd64): sha256:${layerDigest}`));
    assert.match(stderr, /kubekiln fetch.*Nothing was written/s);
    assert.ok(!readdirSync(sample.directory).includes(BUNDLE));
  });

  it('a blob with other bytes than its name says is named, and the bundle that was there stays', () => {
    const sample = sampleProject();
    const bundle = join(sample.directory, BUNDLE);
    writeFileSync(bundle, 'old');
    for (const { sha256: digest, url } of sample.programs.slice(0, 2)) {
      const file = join(sample.store, 'sha256', digest);
      const content = readFileSync(file);
      content[10] = (content[10] ?? 0) ^ 1;
      writeFileSync(file, content);
      const { code, stderr } = kubekiln(create(sample), { cwd: sample.directory });
      assert.equal(code, 1);
      assert.match(stderr, /error\[artifact-damaged\]: .*in the artifact store: it has other bytes than its digest says/);
      assert.ok(stderr.includes(url.slice('https://'.length)));
      assert.equal(readFileSync(bundle, 'utf8'), 'old');
      assert.deepEqual(temporary(sample.directory), []);
      content[10] = (content[10] ?? 0) ^ 1;
      writeFileSync(file, content);
    }
  });

  it('zstd fails in the middle: named, and the bundle that was there stays', context => {
    if (skipWithout(context, hasTool('zstd'), 'zstd')) return;
    const sample = sampleProject();
    const bundle = join(sample.directory, BUNDLE);
    writeFileSync(bundle, 'old');
    const programs = emptyDirectory();
    const script = '#!/bin/sh\n[ "$1" = --version ] && echo v1.5.4 && exit\nprintf half; echo "zstd: no memory" >&2; kill -9 $$\n';
    writeFileSync(join(programs, 'zstd'), script, { mode: 0o755 });
    const env = { PATH: `${programs}:${process.env.PATH}` };
    const { code, stderr } = kubekiln(create(sample, '--compress', 'zstd'), { cwd: sample.directory, env });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /error\[program-failed\]: \S.*: zstd failed \(SIGKILL\): zstd: no memory\n {2}hint: mend that .*--compress zstd out/,
    );
    assert.equal(readFileSync(bundle, 'utf8'), 'old');
    assert.deepEqual(temporary(sample.directory), []);
  });

  for (const how of ['gzip', 'zstd', 'none'])
    it(`a full disk is named, --compress ${how}`, context => {
      if (how === 'zstd' && skipWithout(context, hasTool('zstd'), 'zstd')) return;
      const sample = sampleProject();
      const room = smallDisk(context, 'size=60k');
      if (room === undefined) return;
      const out = join(room, 'prod.tar');
      const { code, stderr } = kubekiln(create(sample, '--compress', how, '--out', out), { cwd: sample.directory });
      assert.equal(code, 1, stderr);
      assert.match(stderr, new RegExp(`error\\[disk-full\\]: ${out}: no space left on the file system`));
      assert.deepEqual(readdirSync(room), []);
    });

  it('an image for another architecture is named', () => {
    const sample = sampleProject(mixed);
    const [first] = sample.images;
    assert.ok(first);
    const { digest } = putManifest(sample.store, first.image, 'amd64');
    pin(sample.directory, {
      images: [{ image: first.image, digest }, ...sample.images.slice(1).map(({ image, digest }) => ({ image, digest }))],
    });
    const { code, stderr } = kubekiln(create(sample), { cwd: sample.directory });
    assert.equal(code, 1);
    assert.match(stderr, /error\[image-unusable\]: .*the image is for linux\/amd64, not for linux\/arm64/);
    succeed(create(sample, '--arch', 'amd64'), { cwd: sample.directory });
  });
});

describe('the runtime archive of a bundle', () => {
  for (const [what, edit] of [
    ['passwords of mirrors and registries', (text: string) => text],
    [
      'programs from a mirror',
      (text: string) => text.replace(/^ {2}nodes:/m, '  binaries: {source: mirror, url: "https://m.example.com"}\n  nodes:'),
    ],
    [
      'the runtime part from a mirror',
      (text: string) => text.replace(/^ {2}nodes:/m, '  runtime: {source: mirror, url: "https://m.example.com"}\n  nodes:'),
    ],
  ] as const)
    it(`is that of the build, with ${what}`, () => {
      const sample = sampleProject(edit);
      const { directory } = sample;
      const secrets = join(directory, 'secrets.yaml');
      const logins =
        'downloadCredentials:\n- {host: m.example.com, username: node, password: word}\nregistryCredentials:\n- {host: r.example.com, username: node, password: word}\n';
      writeFileSync(secrets, readFileSync(secrets, 'utf8').replace(/^etcd:/m, `${logins}etcd:`));
      succeed(['build'], { cwd: directory });
      succeed(create(fillStore(directory)), { cwd: directory });
      const out = emptyDirectory();
      mkdirSync(join(out, 'x'));
      spawnSync('tar', ['-xf', join(directory, BUNDLE), '-C', join(out, 'x')]);
      const [name = ''] = readdirSync(join(out, 'x/runtime'));
      assert.deepEqual(readFileSync(join(out, 'x/runtime', name)), readFileSync(join(directory, 'out/prod/image/runtime.tar.gz')));
    });
});
