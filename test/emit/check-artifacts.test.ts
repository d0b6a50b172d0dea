import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Artifact } from '../../src/emit/artifact.ts';
import { checkArtifacts } from '../../src/emit/check-artifacts.ts';
import { emitNode } from '../../src/emit/emit-node.ts';
import { metaData } from '../../src/emit/meta-data.ts';
import { nodeTarball } from '../../src/emit/node-tarball.ts';
import type { Payload } from '../../src/emit/payload.ts';
import { platformOf } from '../../src/emit/platforms.ts';
import { seedIso } from '../../src/emit/seed-iso.ts';
import { compressUserData, userData } from '../../src/emit/user-data.ts';
import { samplePayload } from './sample-payload.ts';

const PAYLOAD = samplePayload();
const ARTIFACTS = emitNode(PAYLOAD);

function replaced(file: string, content: Uint8Array): readonly Artifact[] {
  const path = `nodes/cp-1/${file}`;
  assert.ok(ARTIFACTS.some(artifact => artifact.path === path));
  return ARTIFACTS.map(artifact => (artifact.path === path ? { ...artifact, content } : artifact));
}

function changed(change: (entry: Payload['entries'][number]) => Payload['entries'][number]): Payload {
  return { ...PAYLOAD, entries: PAYLOAD.entries.map(change) };
}

/** The sample with one byte more in one file. */
const OTHER = changed(entry => (entry.path.endsWith('etcd.service') ? { ...entry, content: `${entry.content}#` } : entry));
const OTHER_MODE = changed(entry => (entry.path.endsWith('ca.key') ? { ...entry, mode: 0o644 } : entry));
const text = (value: string) => Buffer.from(value);
const seed = { userData: text(userData(PAYLOAD)), metaData: text(metaData(PAYLOAD)), networkConfig: text('version: 2\n') };

describe('checkArtifacts', () => {
  it('is silent about what emitNode makes', () => {
    checkArtifacts(PAYLOAD, ARTIFACTS);
  });

  for (const [what, file, content] of [
    ['other content in user-data', 'user-data', text(userData(OTHER))],
    ['another mode in user-data', 'user-data', text(userData(OTHER_MODE))],
    ['a missing file in user-data', 'user-data', text(userData(PAYLOAD, PAYLOAD.entries.slice(1)))],
    ['another boot script', 'user-data', text(userData({ ...PAYLOAD, bootScript: 'true' }))],
    ['a further module in user-data', 'user-data', text(`${userData(PAYLOAD)}runcmd: [true]\n`)],
    ['other content in user-data.gz', 'user-data.gz', compressUserData(text(userData(OTHER)), platformOf(OTHER))],
    ['user-data.gz that is not compressed', 'user-data.gz', text(userData(PAYLOAD))],
    ['another instance-id', 'meta-data', text(metaData({ ...PAYLOAD, instanceId: 'prod-cp-1-2' }))],
    ['a network-config that is no mapping', 'network-config', text('eth0\n')],
    ['other user-data in the seed', 'seed.iso', seedIso({ ...seed, userData: text(userData(OTHER)) })],
    ['another network-config in the seed', 'seed.iso', seedIso({ ...seed, networkConfig: text('version: 1\n') })],
    ['a damaged seed', 'seed.iso', Buffer.alloc(100_000)],
    ['other content in the tarball', 'node.tar.gz', nodeTarball(OTHER)],
    ['another mode in the tarball', 'node.tar.gz', nodeTarball(OTHER_MODE)],
  ] as const) {
    it(`is a bug: ${what}`, () => {
      assert.throws(() => checkArtifacts(PAYLOAD, replaced(file, content)), {
        name: 'Bug',
        message: new RegExp(`nodes/cp-1/(${file}|user-data.gz)`),
      });
    });
  }

  it('is a bug: an artifact that was not made', () => {
    assert.throws(() => checkArtifacts(PAYLOAD, ARTIFACTS.slice(1)), { name: 'Bug' });
  });

  it('is a bug: a payload whose digest is not its own, or that ends too early', () => {
    assert.throws(() => checkArtifacts({ ...PAYLOAD, digest: '0'.repeat(64) }, ARTIFACTS), { name: 'Bug', message: /digest/ });
    assert.throws(() => checkArtifacts({ ...PAYLOAD, entries: PAYLOAD.entries.slice(0, -1) }, ARTIFACTS), { name: 'Bug' });
    assert.throws(() => checkArtifacts({ ...PAYLOAD, entries: PAYLOAD.entries.slice(1) }, ARTIFACTS), { name: 'Bug' });
    // A power cut while cloud-init writes it would leave half a payload that says it is whole.
    const [plan, ...rest] = PAYLOAD.entries;
    assert.ok(plan);
    const entries = [plan, ...rest.slice(-1), ...rest.slice(0, -1)];
    assert.throws(() => checkArtifacts({ ...PAYLOAD, entries }, ARTIFACTS), { name: 'Bug', message: /not in order/ });
  });
});
