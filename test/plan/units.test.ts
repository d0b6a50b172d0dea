// systemd's own judgement of every unit that we emit: nothing unknown, nothing misspelt, little exposed.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { missingTool } from '../missing-tool.ts';
import { readFixture } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const MOST_EXPOSURE = 1.5;

/** A root file system with the node's units and programs that do nothing: verify wants them to be there. */
function layOut(root: string, plan: NodePlan): readonly string[] {
  const put = (path: string, content: string, mode: number) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode });
  };
  for (const path of ['/bin/sh', ...plan.binaries.map(binary => binary.path)]) put(path, '#!/bin/sh\n', 0o755);
  // 0644: that a unit is marked world-inaccessible is the only thing that verify would say, and it is on purpose (CIS 1.1.1 to 1.1.8).
  for (const file of plan.files) put(file.path, file.content, file.mode === 0o755 ? 0o755 : 0o644);
  for (const target of [
    'network-online.target',
    'multi-user.target',
    'sysinit.target',
    'basic.target',
    'shutdown.target',
    'system.slice',
    '-.mount',
    'tmp.mount',
    'var.mount',
  ])
    if (target.endsWith('.target')) put(`/etc/systemd/system/${target}`, '[Unit]\nDescription=stand-in\n', 0o644);
  return plan.files.map(file => file.path).filter(path => /^\/etc\/systemd\/system\/[^/]+$/.test(path));
}

describe('units', { skip: missingTool('systemd-analyze') }, () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'kubekiln-units-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const golden = join(packageRoot(), 'test/golden');
  for (const scenario of readdirSync(golden)) {
    it(`of ${scenario} are clean to systemd-analyze verify`, () => {
      const cluster = readFixture(join(golden, scenario, 'cluster.yaml'));
      for (const plan of planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)))) {
        const root = join(directory, scenario, plan.node.name);
        const units = layOut(root, plan);
        assert.ok(units.length >= 2, 'no units');
        const { status, stderr, stdout } = spawnSync(
          'systemd-analyze',
          ['verify', `--root=${root}`, '--man=no', '--recursive-errors=no', ...units],
          {
            encoding: 'utf8',
          },
        );
        // The exit code is 0 for unknown keys: what counts is silence.
        assert.deepEqual({ status, stderr, stdout }, { status: 0, stderr: '', stdout: '' });
      }
    });
  }

  it('notices a key that systemd does not know', () => {
    const root = join(directory, 'misspelt');
    mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
    writeFileSync(join(root, 'etc/systemd/system/a.service'), '[Service]\nExecStart=/bin/true\nProtectHomes=yes\n');
    const { stderr } = spawnSync('systemd-analyze', ['verify', `--root=${root}`, '--man=no', 'a.service'], { encoding: 'utf8' });
    assert.match(stderr, /ProtectHomes/);
  });

  it(`expose at most ${MOST_EXPOSURE} (systemd-analyze security)`, () => {
    const cluster = readFixture(join(golden, 'ha-stacked/cluster.yaml'));
    const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
    assert.ok(plan);
    const root = join(directory, 'security');
    layOut(root, plan);
    for (const daemon of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) {
      const unit = `${daemon}.service`;
      const out = execFileSync('systemd-analyze', ['security', '--offline=true', `--root=${root}`, '--no-pager', unit], {
        encoding: 'utf8',
      });
      const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(out)?.[1]);
      assert.ok(exposure <= MOST_EXPOSURE, `${unit}: ${exposure}`);
    }
  });
});
