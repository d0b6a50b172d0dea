// Many nodes: what is held of each, and what is looked at before it is held.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NODE_LAYOUT } from '../../src/components/locations.ts';
import { emitNodes } from '../../src/emit/emit-nodes.ts';
import { type RuntimeArchive, runtimeArchive } from '../../src/emit/runtime-archive.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, nodeOfEachKind, planNodes, runtimeFiles } from '../../src/plan/plan-cluster.ts';
import { parseFixture } from '../plan/read-fixture.ts';
import { requestCredentials } from '../plan/request-credentials.ts';

const WORKERS = 40;

function largeCluster() {
  const controlPlane = [1, 2, 3].map(index => `  - {name: cp-${index}, role: control-plane, address: 10.0.0.1${index}}`);
  const workers = Array.from({ length: WORKERS }, (_, index) => `  - {name: w-${index}, role: worker, address: 10.1.0.${index + 1}}`);
  const head = ['apiVersion: kubekiln/v1alpha1', 'kind: Cluster', 'metadata: {name: large}', 'spec:', '  kubernetesVersion: v1.37.1'];
  return parseFixture([...head, '  nodes:', ...controlPlane, ...workers, ''].join('\n'));
}

const cluster = largeCluster();
const credentials = requestCredentials(cluster, certificateRequests(cluster));
const plans = planNodes(cluster, credentials);
const archive = runtimeArchive([...planNodes(cluster, credentials, undefined, nodeOfEachKind(cluster))], runtimeFiles(cluster));

function emit(from: Iterable<NodePlan>, own: RuntimeArchive = archive) {
  return emitNodes(from, NODE_LAYOUT, { source: 'inline', urls: [], bundleDirectory: '', archive: own });
}

describe('the nodes of a large cluster', () => {
  it('are one kind for each role, and have the runtime part of that kind', () => {
    assert.deepEqual(
      nodeOfEachKind(cluster).map(({ role }) => role),
      ['control-plane', 'worker'],
    );
    assert.deepEqual(runtimeArchive([...plans], runtimeFiles(cluster)), archive);
  });

  it('are planned one at a time: no plan is held behind its node, but the heaviest of each role', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const seen: WeakRef<NodePlan['files']>[] = [];
    function* watched() {
      for (const plan of plans) {
        seen.push(new WeakRef(plan.files));
        yield plan;
      }
    }
    const emitted = emit(watched());
    // a WeakRef holds its target until the job ends in which it was made
    await new Promise(resolve => setImmediate(resolve));
    collect();
    assert.equal(seen.length, cluster.nodes.length);
    assert.ok(seen.filter(reference => reference.deref() !== undefined).length <= 2);
    assert.equal(emitted.payloads.length, cluster.nodes.length);
  });

  it('have contents that are made anew unless they are compressed, and are the same each time', () => {
    const { artifacts, listed } = emit([...plans].slice(-1));
    const first = artifacts.map(({ content }) => content);
    const held = artifacts.filter(({ content }, index) => content === first[index]).map(({ path }) => path.split('/').at(-1));
    assert.deepEqual(held, ['user-data.gz', 'node.tar.gz']);
    for (const [index, { path, content }] of artifacts.entries()) {
      assert.deepEqual(content, first[index], path);
      assert.equal(content.length, listed[index]?.size);
    }
  });

  it('are compared with the runtime archive, every one of them', () => {
    const last = [...plans].at(-1);
    assert.ok(last);
    const files = last.files.map(file => (file.part === 'runtime' ? { ...file, content: `${file.content}# more\n` } : file));
    assert.throws(() => emit([{ ...last, files }]), /is of the runtime part of w-39, but not in the archive/);
  });
});
