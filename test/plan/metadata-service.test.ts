// The rules that keep pods from a cloud's metadata service: on which nodes they stand, and what they say. What they do: security-defaults, on booted hosts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { PLATFORMS } from '../../src/spec/schema-nodes.ts';
import { smallCluster } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const UNIT = '/etc/systemd/system/kubekiln-metadata.service';
const RULES = '/usr/local/libexec/kubekiln/metadata.nft';

function planOf(spec: string): NodePlan {
  const cluster = smallCluster('v1.37.1', spec);
  const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
  assert.ok(plan);
  return plan;
}

const content = (plan: NodePlan, path: string) => plan.files.find(file => file.path === path)?.content;
const blocks = (spec: string) => content(planOf(spec), UNIT) !== undefined;

describe('metadata service', () => {
  it('is blocked for pods on every platform that has one', () => {
    const without = PLATFORMS.filter(platform => !blocks(`  platform: ${platform}`));
    assert.deepEqual(without, ['nocloud', 'kubevirt', 'proxmox', 'vsphere', 'vsphere-cloudinitprep']);
  });

  it('is blocked elsewhere, and open on a cloud, where asked', () => {
    assert.ok(blocks('  metadataService: {podAccess: blocked}'));
    assert.ok(!blocks('  platform: aws\n  metadataService: {podAccess: allowed}'));
  });

  it('is what the file says, of one family or both', () => {
    const rules = (addresses: string) => content(planOf(`  metadataService: {podAccess: blocked, addresses: [${addresses}]}`), RULES) ?? '';
    assert.match(rules('10.0.0.1, 10.0.0.2, 10.0.0.1'), /^ {4}ip daddr \{ 10\.0\.0\.1, 10\.0\.0\.2 \} reject$/m);
    assert.doesNotMatch(rules('10.0.0.1'), /ip6 daddr/);
    assert.doesNotMatch(rules('"fd00::1"'), /ip daddr/);
    // A set without members is a mistake to nft.
    assert.ok(!blocks('  metadataService: {podAccess: blocked, addresses: []}'));
  });

  it('is out of reach before a pod can start', () => {
    const plan = planOf('  platform: aws');
    assert.match(content(plan, UNIT) ?? '', /^Before=kubelet\.service$/m);
    assert.ok(
      plan.units.some(({ name, startedBy }) => UNIT.endsWith(name) && startedBy === 'target'),
      'in one transaction with kubelet',
    );
  });
});
