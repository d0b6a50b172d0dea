import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { emitNode } from '../../src/emit/emit-node.ts';
import { listedArtifact } from '../../src/emit/manifest.ts';
import type { Payload, PayloadEntry } from '../../src/emit/payload.ts';
import { countedSize, encodingOf, findPlatform, handedOver, PLATFORMS } from '../../src/emit/platforms.ts';
import { sizeReport } from '../../src/emit/size-report.ts';
import { weigh, weightGroup } from '../../src/emit/weights.ts';
import { PLATFORMS as SPEC_PLATFORMS } from '../../src/spec/schema-nodes.ts';
import { sampleNode, samplePayload } from './sample-payload.ts';

type NewEntry = Omit<PayloadEntry, 'mode'>;

/** Base64 that does not compress. */
function noise(bytes: number, seed = 0): string {
  const lines = Array.from({ length: Math.ceil(bytes / 48) }, (_value, index) =>
    createHash('sha384').update(`${seed} ${index}`).digest('base64'),
  );
  return `${lines.join('\n')}\n`;
}

function report(payload: Payload) {
  return sizeReport([{ payload, artifacts: emitNode(payload).map(listedArtifact) }]);
}

const on = (platform: string, ...more: NewEntry[]) => samplePayload(sampleNode({ platform }), more);
const runtime = (bytes: number): NewEntry => ({
  path: 'files/usr/local/libexec/kubekiln/more',
  content: `#!/bin/sh\n${noise(bytes)}`,
  part: 'runtime',
  secret: false,
});

/** Words enough that a packed form is the smaller one. */
const COMPRESSIBLE: NewEntry = { path: 'files/etc/words', content: 'the same words again\n'.repeat(400), part: 'config', secret: false };

describe('platforms', () => {
  it('has every platform that cluster.yaml may name', () => {
    for (const name of SPEC_PLATFORMS) assert.ok(findPlatform(name), name);
  });

  it('names each platform once, with a source', () => {
    assert.equal(new Set(PLATFORMS.map(platform => platform.name)).size, PLATFORMS.length);
    for (const { source } of PLATFORMS) assert.match(source, /^https:\/\//);
  });

  it('counts base64 text as base64 is', () => {
    const openstack = findPlatform('openstack');
    assert.ok(openstack);
    for (const bytes of [0, 1, 2, 3, 4, 1000]) assert.equal(countedSize(openstack, bytes), Buffer.alloc(bytes).toString('base64').length);
  });
});

describe('size report', () => {
  it('says what each platform is given and counts', () => {
    const size = (payload: Payload, file: string) =>
      emitNode(payload).find(artifact => artifact.path.endsWith(`/${file}`))?.content.length ?? -1;
    for (const [platform, use, bytes] of [
      ['aws', 'user-data.gz', (payload: Payload) => size(payload, 'user-data.gz')],
      ['digitalocean', 'user-data.packed', (payload: Payload) => size(payload, 'user-data.packed')],
      ['openstack', 'user-data.gz', (payload: Payload) => 4 * Math.ceil(size(payload, 'user-data.gz') / 3)],
      ['hetzner', 'user-data.b64', (payload: Payload) => size(payload, 'user-data.b64')],
      // counts what stands in the base64
      ['linode', 'user-data.b64', (payload: Payload) => size(payload, 'user-data.gz')],
      ['nocloud', 'seed.iso', (payload: Payload) => size(payload, 'seed.iso')],
    ] as const) {
      const payload = on(platform, COMPRESSIBLE);
      const { rows, problems } = report(payload);
      const known = findPlatform(platform);
      assert.ok(known);
      const { limit, field, counts } = known;
      const plain = size(payload, 'user-data');
      assert.deepEqual(rows, [
        {
          node: 'cp-1',
          role: 'control-plane',
          platform,
          use,
          encoding: encodingOf(use),
          field,
          bytes: bytes(payload),
          ...(limit !== undefined && { limit }),
          ...(use !== 'seed.iso' && { plain: counts === 'base64' ? 4 * Math.ceil(plain / 3) : plain }),
        },
      ]);
      assert.deepEqual(problems, []);
    }
  });

  it('hands plain text over where that is the smaller text', () => {
    const digitalocean = findPlatform('digitalocean');
    assert.ok(digitalocean);
    assert.equal(
      handedOver(digitalocean, () => false),
      'user-data',
    );
    const artifacts = ['user-data', 'user-data.gz'].map(file => ({ path: `nodes/cp-1/${file}`, size: file.length }));
    assert.equal(sizeReport([{ payload: on('digitalocean'), artifacts }]).rows[0]?.use, 'user-data');
  });

  it('says by how much a payload is too large, what weighs most, and what would fit', () => {
    const { problems, rows } = report(on('aws', runtime(20_000)));
    const [problem] = problems;
    assert.equal(problems.length, 1);
    assert.equal(problem?.code, 'user-data-too-large');
    const bytes = rows[0]?.bytes ?? 0;
    const comma = (value: number) => value.toLocaleString('en-US');
    assert.equal(
      problem?.message,
      `cp-1: ${comma(bytes)} bytes after gzip; aws takes 16,384 (raw, before base64): ${comma(bytes - 16_384)} too many`,
    );
    assert.match(problem?.details?.[0] ?? '', /^heaviest: scripts 2\d KB, .*\(kubekiln inspect out\/prod\/nodes\/cp-1\/user-data\.gz\)$/);
    assert.equal(
      problem?.details?.[1],
      'fits: runtime: {source: image} · runtime: {source: mirror, url: …} · platform: nocloud (seed.iso)',
    );
  });

  it('advises smaller keys only where there are larger ones, and only when they would do', () => {
    const rsa = Array.from({ length: 16 }, (_value, index): NewEntry => {
      const content = `-----BEGIN PRIVATE KEY-----\n${noise(1218, index)}-----END PRIVATE KEY-----\n`;
      return { path: `files/etc/kubernetes/pki/${index}.key`, content, part: 'identity', secret: true };
    });
    const fits = (payload: Payload) => report(payload).problems[0]?.details?.[1];
    assert.match(fits(on('aws', ...rsa)) ?? '', /encryptionAlgorithm: ECDSA-P256/);
    assert.doesNotMatch(fits(on('aws', ...rsa, runtime(30_000))) ?? '', /encryptionAlgorithm/);
  });

  it('is exact at the limit', () => {
    const aws = findPlatform('aws');
    assert.equal(aws?.limit, 16_384);
    const payload = on('aws');
    const artifacts = (size: number) => ['user-data', 'user-data.gz'].map(file => ({ path: `nodes/cp-1/${file}`, size }));
    assert.deepEqual(sizeReport([{ payload, artifacts: artifacts(16_384) }]).problems, []);
    assert.equal(sizeReport([{ payload, artifacts: artifacts(16_385) }]).problems.length, 1);
  });
});

describe('weights', () => {
  it('tells kinds of files apart', () => {
    const groups = new Map(samplePayload().entries.map(entry => [entry.path, weightGroup(entry)]));
    assert.equal(groups.get('files/etc/kubernetes/pki/ca.key'), 'keys');
    assert.equal(groups.get('files/etc/kubernetes/pki/ca.crt'), 'certificates');
    assert.equal(groups.get('files/etc/systemd/system/etcd.service'), 'units');
    assert.equal(groups.get('files/usr/local/libexec/kubekiln/kubekiln-install'), 'scripts');
    assert.equal(groups.get('plan'), 'configuration');
  });

  it('finds the heaviest group', () => {
    const [first] = weigh(on('aws', runtime(5000)));
    assert.equal(first?.group, 'scripts');
    assert.ok(first.bytes > 4500 && first.bytes < 6000, String(first.bytes));
  });
});
