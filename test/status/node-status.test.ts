import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusData, statusText } from '../../src/cli/status-table.ts';
import { type NodeObject, nodeStatuses, type Observations } from '../../src/status/node-status.ts';
import { DAY, NOW, sampleCluster, sampleNode } from '../pki/sample-cluster.ts';

const CLUSTER = sampleCluster({ nodes: [sampleNode('cp-1', '10.0.1.11'), sampleNode('w-1', '10.0.2.21', 'worker')] });

function node(
  name: string,
  ready: 'True' | 'False' | 'Unknown',
  more: Partial<NodeObject['spec'] & { version: string; message: string }> = {},
): NodeObject {
  const { version = 'v1.37.1', message = 'it said so', unschedulable } = more;
  return {
    metadata: { name },
    ...(unschedulable !== undefined && { spec: { unschedulable } }),
    status: {
      conditions: [
        { type: 'MemoryPressure', status: 'False' },
        { type: 'Ready', status: ready, reason: 'Reason', message },
      ],
      nodeInfo: { kubeletVersion: version, containerRuntimeVersion: 'containerd://2.4.2' },
    },
  };
}

function statuses(seen: Partial<Observations>) {
  return nodeStatuses(CLUSTER, { nodes: [], apiServers: new Map(), kubelets: new Map(), ...seen });
}

describe('the status of a node', () => {
  it('is absent, joined, lost or ready by what the API says of it', () => {
    const stage = (...nodes: NodeObject[]) => statuses({ nodes }).map(status => status.stage);
    assert.deepEqual(stage(), ['absent', 'absent']);
    assert.deepEqual(stage(node('w-1', 'True'), node('cp-1', 'False')), ['joined', 'ready']);
    assert.deepEqual(stage(node('cp-1', 'Unknown'), { metadata: { name: 'w-1' } }), ['lost', 'joined']);
  });

  it('says what stands in the way, on one line', () => {
    const notes = (...nodes: NodeObject[]) => statuses({ nodes }).at(-1)?.notes;
    assert.deepEqual(notes(node('w-1', 'False', { message: 'cni plugin\n\u001b[31mnot initialized' })), ['cni plugin [31mnot initialized']);
    assert.deepEqual(notes(node('w-1', 'True', { unschedulable: true })), ['cordoned: it gets no new pods']);
    assert.deepEqual(notes(node('w-1', 'True', { version: 'v1.36.3' })), ['its kubelet is v1.36.3, cluster.yaml says v1.37.1']);
    assert.deepEqual(notes(node('w-1', 'True')), []);
    assert.match(statuses({}).at(-1)?.notes.join() ?? '', /^it has not joined yet/);
  });

  it('knows nodes that cluster.yaml does not name, and does not wait for them', () => {
    const other: NodeObject = { ...node('old', 'Unknown'), metadata: { name: 'old', labels: { 'node-role.kubernetes.io/worker': '' } } };
    const all = statuses({ nodes: [node('cp-1', 'True'), node('w-1', 'True'), other] });
    assert.deepEqual(all.map(({ name, role, declared }) => [name, role, declared]).at(-1), ['old', 'worker', false]);
    assert.ok(all.at(-1)?.notes.includes('cluster.yaml does not name it'));
    assert.match(statusText(all, NOW), /^All 2 nodes are Ready\.$/m);
  });
});

describe('the table of nodes', () => {
  const seen: Partial<Observations> = {
    nodes: [node('cp-1', 'True'), node('w-1', 'False', { message: 'no network' })],
    apiServers: new Map([['cp-1', { ready: true, version: 'v1.37.1', notAfter: NOW + 90 * DAY + 5 }]]),
    kubelets: new Map([
      ['cp-1', new Map([['kubelet-client', NOW + 30 * DAY]])],
      ['w-1', new Map([['kubelet-client', NOW]])],
    ]),
  };

  it('has a line for each node, with the certificate that ends first, then the notes and the count', () => {
    assert.equal(
      statusText(statuses(seen), NOW),
      `NODE  ROLE           STAGE   API SERVER  KUBELET  RUNTIME             CERTIFICATES
cp-1  control-plane  ready   v1.37.1     v1.37.1  containerd://2.4.2  30d
w-1   worker         joined  -           v1.37.1  containerd://2.4.2  expired
w-1: no network
1 of 2 nodes are Ready.
`,
    );
  });

  it('says of an API server that does not answer, or is not ready, just that', () => {
    assert.match(statusText(statuses({}), NOW), /^cp-1 +control-plane +absent +no answer +- +- +-$/m);
    const leaving = new Map([['cp-1', { ready: false, notAfter: NOW + DAY }]]);
    assert.match(statusText(statuses({ apiServers: leaving }), NOW), /^cp-1 +control-plane +absent +not ready +- +- +1d$/m);
  });

  it('has the same as data', () => {
    const data = JSON.parse(JSON.stringify(statusData(CLUSTER, 'https://10.0.1.11:6443', statuses(seen), NOW)));
    assert.deepEqual([data.kind, data.cluster, data.ready, data.server], ['ClusterStatus', 'prod', false, 'https://10.0.1.11:6443']);
    const [first] = data.nodes;
    assert.deepEqual(first.apiServer, { ready: true, version: 'v1.37.1' });
    assert.deepEqual(
      first.certificates.map(({ name, daysLeft }: { name: string; daysLeft: number }) => [name, daysLeft]),
      [
        ['apiserver', 90],
        ['kubelet-client', 30],
      ],
    );
  });
});
