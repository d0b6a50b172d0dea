// The runtime part outside of user-data, as an operator meets it: build, verify, inspect.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { emptyDirectory, kubekiln, newProject, succeed } from './program.ts';

interface Manifest {
  readonly runtime: {
    readonly source: string;
    readonly path: string;
    readonly sha256: string;
    readonly name: string;
    readonly imagePath: string;
  };
  readonly nodes: Readonly<Record<string, { readonly payloadDigest: string }>>;
}

describe('runtime: {source: image}', () => {
  let directory: string;
  let inline: Manifest;
  let manifest: Manifest;
  const out = () => join(directory, 'out/prod');
  const readManifest = (): Manifest => JSON.parse(readFileSync(join(out(), 'manifest.json'), 'utf8'));
  const setRuntime = (text: string) => {
    const file = join(directory, 'cluster.yaml');
    const cluster = readFileSync(file, 'utf8').replace(/^ {2}runtime: .*\n/m, '');
    writeFileSync(file, cluster.replace(/^ {2}nodes:/m, `  runtime: ${text}\n  nodes:`));
  };
  before(() => {
    directory = newProject();
    succeed(['build'], { cwd: directory });
    inline = readManifest();
    setRuntime('{source: image}');
    succeed(['build'], { cwd: directory });
    manifest = readManifest();
  });

  it('leaves the payloads what they are, and names the archive by its digest', () => {
    assert.deepEqual(manifest.nodes, inline.nodes);
    assert.deepEqual({ ...manifest.runtime, source: 'inline' }, inline.runtime);
    const sum = execFileSync('sha256sum', [join(out(), manifest.runtime.path)], { encoding: 'utf8' }).slice(0, 64);
    assert.equal(manifest.runtime.sha256, sum);
    assert.equal(manifest.runtime.imagePath, `/usr/local/share/kubekiln/runtime-${sum.slice(0, 12)}.tar.gz`);
    const { stdout } = succeed(['build', '-o', 'json'], { cwd: directory });
    assert.deepEqual(JSON.parse(stdout).runtime, { source: 'image', name: manifest.runtime.name, digest: sum });
  });

  it('takes it out of user-data', () => {
    const bytes = () => statSync(join(out(), 'nodes/cp-1/user-data.gz')).size;
    const elsewhere = bytes();
    setRuntime('{source: inline}');
    succeed(['build'], { cwd: directory });
    const saved = bytes() - elsewhere;
    setRuntime('{source: image}');
    succeed(['build'], { cwd: directory });
    assert.ok(saved > 4000, `${saved} bytes`);
  });

  it('is verified as a whole, with the archive', () => {
    assert.match(succeed(['verify'], { cwd: directory }).stdout, /3 nodes verified, nothing wrong/);
    assert.match(succeed(['verify', 'out/prod/nodes/cp-1'], { cwd: directory }).stdout, /1 node verified, nothing wrong/);
    const { stdout } = succeed(['inspect', 'out/prod/nodes/cp-1/user-data.gz'], { cwd: directory });
    assert.match(stdout, new RegExp(`digest ${manifest.nodes['cp-1']?.payloadDigest}\n.*comes as ${manifest.runtime.name}\n`));
    assert.match(stdout, /\/usr\/local\/libexec\/kubekiln\/kubekiln-install/);
  });

  it('alone, user-data is read as far as it goes, and says what is missing', () => {
    const elsewhere = emptyDirectory();
    copyFileSync(join(out(), 'nodes/cp-1/user-data.gz'), join(elsewhere, 'user-data.gz'));
    const inspected = succeed(['inspect', 'user-data.gz'], { cwd: elsewhere }).stdout;
    assert.match(inspected, new RegExp(`digest not checked\n.*${manifest.runtime.name}, which is not at hand`));
    const { code, stderr } = kubekiln(['verify', 'user-data.gz'], { cwd: elsewhere });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /warning\[runtime-elsewhere\]: user-data.gz: the payload's digest was not checked/);
  });

  it('an archive with other bytes is found', () => {
    const file = join(out(), manifest.runtime.path);
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]));
    const { code, stderr } = kubekiln(['verify'], { cwd: directory });
    assert.equal(code, 1);
    assert.match(stderr, /error\[artifact-changed\]: .*image\/runtime\.tar\.gz/);
    const { stderr: ofOne } = kubekiln(['verify', 'out/prod/nodes/cp-1/user-data'], { cwd: directory });
    assert.match(ofOne, /error\[artifact-damaged\].*another SHA-256 than its name says/);
    writeFileSync(file, bytes);
  });
});

it('where user-data is too large, the remedy is named, and nothing is chosen silently', () => {
  const directory = emptyDirectory();
  succeed(['init', 'prod', '--control-plane', '10.0.1.11,10.0.1.12,10.0.1.13', '--platform', 'aws'], { cwd: directory });
  const file = join(directory, 'cluster.yaml');
  const cluster = readFileSync(file, 'utf8').replace(/^ {2}runtime: .*\n/m, '');
  // random names in hundreds are what no compression helps against
  const names = Array.from(
    { length: 60 },
    (_, index) => `n${((index + 1) * 7919 * 104729).toString(36)}${((index + 3) * 15485863 * 32452843).toString(36)}.example.com`,
  );
  writeFileSync(file, cluster.replace(/^ {2}nodes:/m, `  apiServer: {certSANs: ${JSON.stringify(names)}}\n  nodes:`));
  const { code, stderr } = kubekiln(['build'], { cwd: directory });
  assert.equal(code, 1);
  assert.match(stderr, /user-data-too-large.*aws takes 16,384/);
  assert.match(stderr, /fits: runtime: \{source: image\} · runtime: \{source: mirror, url: …\} · platform: nocloud/);
});
