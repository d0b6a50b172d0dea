// systemd's own list of what a unit leaves open: nothing beside what a daemon without rights on its machine needs, each with its reason.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { readFixture } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

/** By systemd's name of the check. */
const OPEN: Readonly<Record<string, string>> = {
  DeviceAllow: 'PrivateDevices= gives it the harmless ones',
  IPAddressDeny: 'whom it talks to is not known beforehand',
  PrivateNetwork: 'it serves the network',
  ProcSubset: "Go's runtime reads /proc/sys",
  RestrictAddressFamilies_AF_INET_INET6: 'it serves the network',
  RestrictAddressFamilies_AF_UNIX: 'sd_notify and the journal',
  RootDirectoryOrRootImage: 'its binaries are those of the host',
};

interface Check {
  readonly json_field: string;
  readonly set: boolean | null;
}

describe('daemons', { skip: missingTool('systemd-analyze') }, () => {
  it('leave open what they need, and nothing else', context => {
    const cluster = readFixture(join(packageRoot(), 'test/golden/minimal/cluster.yaml'));
    const files = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster))).flatMap(plan => plan.files);
    const root = temporaryDirectory(context);
    mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
    for (const daemon of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'local-proxy']) {
      const path = `/etc/systemd/system/${daemon}.service`;
      writeFileSync(join(root, path), files.find(file => file.path === path)?.content ?? '');
      const options = ['security', '--offline=true', `--root=${root}`, '--json=short', `${daemon}.service`];
      const checks: readonly Check[] = JSON.parse(execFileSync('systemd-analyze', options, { encoding: 'utf8' }));
      const open = checks.filter(({ set }) => set === false).map(check => check.json_field);
      assert.deepEqual(open.sort(), Object.keys(OPEN), daemon);
    }
  });
});
