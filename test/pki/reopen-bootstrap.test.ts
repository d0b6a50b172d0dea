import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { fillCredentials } from '../../src/pki/credentials.ts';
import { reopenBootstrap } from '../../src/pki/reopen-bootstrap.ts';
import { certificateRequests } from '../../src/plan/plan-cluster.ts';
import { parseFixture } from '../plan/read-fixture.ts';

const BORN = 1_800_000_000;
const LATER = BORN + 40 * 86_400;

describe('reopen-bootstrap', () => {
  it('gives a new token, window and generation, and leaves every key and certificate as it is', async () => {
    const cluster = parseFixture(`apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: dev}
spec:
  kubernetesVersion: v1.37.1
  nodes:
  - {name: cp-1, role: control-plane, address: 192.168.10.11}
  - {name: w-1, role: worker, address: 192.168.10.21}
`);
    const requests = certificateRequests(cluster);
    const before = (await fillCredentials(cluster, await createSecrets(cluster, BORN), requests, { now: BORN, locked: false })).secrets;
    const after = reopenBootstrap(cluster, before, LATER);
    assert.notEqual(after.etcd.clusterToken, before.etcd.clusterToken);
    assert.match(after.etcd.clusterToken, /^dev-[0-9a-f]{16}$/);
    assert.deepEqual(after.nodes, { 'cp-1': { generation: 2, instance: 1 }, 'w-1': { generation: 1, instance: 1 } });
    assert.deepEqual({ ...after, etcd: before.etcd, nodes: before.nodes }, before);
    const filled = await fillCredentials(cluster, after, requests, { now: LATER, locked: true });
    assert.equal(filled.issued, 0);
    assert.equal(filled.credentials?.bootstrapBefore, LATER + cluster.bootstrapWindow);
  });
});
