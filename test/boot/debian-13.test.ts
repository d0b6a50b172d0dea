// The other system that kubekiln is tested on: Debian 13, with systemd 257 and cloud-init 25.1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { runChecks } from './checks/all-checks.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

test('three hosts with Debian 13 come up from user-data, twice', { timeout: 900_000 }, async t => {
  const built = await buildCluster();
  await withControlPlane(
    'debian-13',
    () => createHosts(built, 'user-data', { suite: 'trixie' }),
    async plane => {
      t.diagnostic(`power-on to /readyz on all three: ${seconds(await untilReady(plane, await powerOn(plane)))}`);
      const { host } = member(plane, 0);
      assert.match(await host.sh('cat /etc/os-release'), /^VERSION_ID="13"$/m);
      t.diagnostic((await host.sh('systemctl --version | head -n 1; cloud-init --version 2>&1')).trim().replace('\n', ', '));
      await runChecks(t, plane);
      await Promise.all(plane.members.map(({ host: each }) => each.stop()));
      t.diagnostic(`second power-on to /readyz on all three: ${seconds(await untilReady(plane, await powerOn(plane)))}`);
    },
  );
});
