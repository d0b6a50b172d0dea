// ./reset of node.tar.gz: whom it answers, and how, where nothing of kubekiln is. test/boot/ runs it on hosts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { missingTool } from '../missing-tool.ts';
import { smallCluster } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const cluster = smallCluster();
const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
const script = plan?.tools.find(tool => tool.name === 'reset')?.content ?? '';

function asNobody(...args: readonly string[]) {
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  return spawnSync('dash', ['-s', '--', ...args], { input: script, encoding: 'utf8', cwd: '/', ...nobody });
}

describe('./reset', { skip: missingTool('dash') }, () => {
  it('says how it is used', () => {
    const { status, stdout, stderr } = asNobody('--help');
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^usage: \.\/reset \[--even-if-member\] \[CLUSTER\]\n/);
    for (const words of [['--force'], ['prod', 'dev'], ['prod', '--force']]) {
      const wrong = asNobody(...words);
      assert.deepEqual([wrong.status, wrong.stdout, wrong.stderr], [2, '', stdout], words.join(' '));
    }
  });

  it('refuses whoever is not root', () => {
    const { status, stdout, stderr } = asNobody('prod');
    assert.deepEqual({ status, stdout, stderr }, { status: 2, stdout: '', stderr: 'kubekiln: reset: must run as root\n' });
  });
});
