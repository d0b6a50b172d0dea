import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NODE_LAYOUT } from '../../src/components/locations.ts';
import { makePayload } from '../../src/emit/make-payload.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { smallCluster } from '../plan/read-fixture.ts';
import { requestCredentials } from '../plan/request-credentials.ts';

const cluster = smallCluster();
const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
assert.ok(plan);
const sound: NodePlan = plan;

describe('a payload', () => {
  it('holds its plan and ends with .complete, so that a cut write never looks whole', () => {
    const paths = makePayload(sound, NODE_LAYOUT).entries.map(entry => entry.path);
    assert.equal(paths.at(-1), '.complete');
    assert.equal(paths.length, sound.files.length + 2);
    assert.deepEqual(new Set(paths.slice(0, -1)), new Set(['plan', ...sound.files.map(file => `files${file.path}`)]));
  });

  it('is staged so that only root can read it', () => {
    for (const { path, mode } of makePayload(sound, NODE_LAYOUT).entries) assert.equal(mode & 0o077, 0, path);
  });

  it('has a directory of its generation, and an instance-id of its instance', () => {
    const { directory, instanceId } = makePayload({ ...sound, generation: 7, instance: 3 }, NODE_LAYOUT);
    assert.equal(directory, '/var/lib/kubekiln/payload/7');
    assert.equal(instanceId, 'dev-cp-1-3');
  });

  it('changes its digest with every file', () => {
    const { digest } = makePayload(sound, NODE_LAYOUT);
    for (const changed of sound.files) {
      const files = sound.files.map(file => (file === changed ? { ...file, content: `${file.content}#\n` } : file));
      assert.notEqual(makePayload({ ...sound, files }, NODE_LAYOUT).digest, digest, changed.path);
    }
  });
});
