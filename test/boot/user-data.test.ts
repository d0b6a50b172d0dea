// The main job: three blank hosts, each with its user-data, switched on in some order, become a control plane that keeps what it was told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { runChecks } from './checks/all-checks.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { etcdMembers } from './etcd.ts';
import { installedFiles } from './installed-files.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

test('three hosts come up from user-data alone, third, first, second', { timeout: 600_000 }, async t => {
  const built = await buildCluster();
  await withControlPlane(
    'user-data',
    () => createHosts(built, 'user-data'),
    async plane => {
      const since = await powerOn(plane, [
        { index: 2, after: 0 },
        { index: 0, after: 6000 },
        { index: 1, after: 3000 },
      ]);
      t.diagnostic(
        `first power-on to /readyz on all three: ${seconds(await untilReady(plane, since))} (the last host was switched on after 9 s)`,
      );

      await runChecks(t, plane);

      await t.test('second boot: all hosts off and on again, nothing lost, nothing installed anew', async subtest => {
        const first = member(plane, 0);
        await plane.operator.kubectl(['create', 'configmap', 'kept', '--from-literal=value=kept'], first.address);
        const before = {
          etcd: await etcdMembers(plane, first),
          files: await Promise.all(plane.members.map(({ host }) => installedFiles(host))),
        };
        const off = performance.now();
        await Promise.all(plane.members.map(({ host }) => host.stop()));
        subtest.diagnostic(`all three switched off in order in ${seconds(performance.now() - off)}`);
        subtest.diagnostic(`second power-on to /readyz on all three: ${seconds(await untilReady(plane, await powerOn(plane)))}`);
        const after = {
          etcd: await etcdMembers(plane, first),
          files: await Promise.all(plane.members.map(({ host }) => installedFiles(host))),
        };
        assert.deepEqual(after, before);
        assert.equal(await plane.operator.kubectl(['get', 'configmap', 'kept', '--output=jsonpath={.data.value}'], first.address), 'kept');
      });
    },
  );
});
