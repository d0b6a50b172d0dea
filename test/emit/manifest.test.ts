import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { emitNode } from '../../src/emit/emit-node.ts';
import { buildManifest, listedArtifact } from '../../src/emit/manifest.ts';
import { readManifest } from '../../src/inspect/read-manifest.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { samplePayload } from './sample-payload.ts';

const payload = samplePayload();
const artifacts = [...emitNode(payload), { path: 'admin.conf', mode: 0o600, content: Buffer.from('x') }];
const archive = { content: Buffer.from('x'), digest: 'a'.repeat(64), name: 'runtime-aaaaaaaaaaaa.tar.gz' };
const runtime = { source: 'image', archive } as const;
const manifest = buildManifest({
  clusterName: 'prod',
  kubernetesVersion: 'v1.37.1',
  kubekilnVersion: '0.1.0',
  bootBefore: 1_797_552_000,
  runtime,
  image: 'b'.repeat(64),
  nodes: [{ payload, notAfter: 1_826_496_000 }],
  artifacts: artifacts.map(listedArtifact),
});

describe('manifest.json', () => {
  it('maps nodes to paths, digests and dates', () => {
    const value = JSON.parse(Buffer.from(manifest.content).toString());
    assert.deepEqual(Object.keys(value), [
      'apiVersion',
      'kind',
      'cluster',
      'kubernetesVersion',
      'kubekilnVersion',
      'bootBefore',
      'runtime',
      'image',
      'nodes',
      'artifacts',
    ]);
    assert.equal(value.bootBefore, '2026-12-18T00:00:00Z');
    assert.deepEqual(value.runtime, {
      source: 'image',
      path: 'image/runtime.tar.gz',
      sha256: 'a'.repeat(64),
      name: 'runtime-aaaaaaaaaaaa.tar.gz',
      imagePath: '/usr/local/share/kubekiln/runtime-aaaaaaaaaaaa.tar.gz',
    });
    assert.deepEqual(value.image, { path: 'image', sha256: 'b'.repeat(64) });
    assert.deepEqual(value.nodes['cp-1'], {
      role: 'control-plane',
      address: '10.0.1.11',
      platform: 'nocloud',
      generation: 1,
      instanceId: 'prod-cp-1-1',
      payloadDigest: payload.digest,
      use: 'nodes/cp-1/seed.iso',
      encoding: 'iso9660',
      field: 'a disk or CD-ROM of the machine',
      userData: 'nodes/cp-1/user-data',
      userDataGz: 'nodes/cp-1/user-data.gz',
      metaData: 'nodes/cp-1/meta-data',
      networkConfig: 'nodes/cp-1/network-config',
      seedIso: 'nodes/cp-1/seed.iso',
      tarball: 'nodes/cp-1/node.tar.gz',
      notAfter: '2027-11-18T00:00:00Z',
    });
  });

  it('holds digests that sha256sum confirms', { skip: missingTool('sha256sum') }, t => {
    const directory = temporaryDirectory(t);
    for (const { path, content } of artifacts) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
    const lines = readManifest(manifest.content).artifacts.map(({ path, sha256 }) => `${sha256}  ${path}\n`);
    assert.equal(lines.length, artifacts.length);
    execFileSync('sha256sum', ['--check', '--strict', '--quiet'], { cwd: directory, input: lines.join('') });
  });

  it('does not depend on the order of artifacts', () => {
    const reversed = buildManifest({
      clusterName: 'prod',
      kubernetesVersion: 'v1.37.1',
      kubekilnVersion: '0.1.0',
      bootBefore: 1_797_552_000,
      runtime,
      image: 'b'.repeat(64),
      nodes: [{ payload, notAfter: 1_826_496_000 }],
      artifacts: artifacts.map(listedArtifact).toReversed(),
    });
    assert.deepEqual(reversed, manifest);
  });

  it('refuses a manifest that would lead elsewhere', () => {
    const text = Buffer.from(manifest.content).toString();
    for (const [from, to] of [
      ['"nodes/cp-1/seed.iso"', '"../../etc/shadow"'],
      ['"admin.conf"', '"/etc/shadow"'],
      ['"kubekiln/v1alpha1"', '"kubekiln/v9"'],
      ['"0600"', '"rw"'],
      ['"iso9660"', '"rot13"'],
      ['"size": 1,', '"size": -1,'],
      ['"generation": 1', '"generation": "1"'],
      ['"source": "image"', '"source": "stick"'],
      ['"image/runtime.tar.gz"', '"/etc/shadow"'],
    ] as const) {
      assert.ok(text.includes(from), from);
      assert.throws(() => readManifest(Buffer.from(text.replace(from, to))), { name: 'FormatError' }, to);
    }
    for (let length = 0; length < text.length - 2; length += 17)
      assert.throws(() => readManifest(Buffer.from(text.slice(0, length))), { name: 'FormatError' });
  });
});
