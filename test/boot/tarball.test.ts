// The second entrance: node.tar.gz and ./install end in the same state as user-data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { runChecks } from './checks/all-checks.ts';
import { describe, member, powerOn, untilReady } from './control-plane.ts';
import { installedFiles, installStatus } from './installed-files.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

/** Without what was there before: ./install finds another host name than cloud-init leaves. */
const laid = (files: readonly string[]) => files.filter(file => !file.startsWith('var/lib/kubekiln/before'));

test('three hosts come up from node.tar.gz, one of them late', { timeout: 600_000 }, async t => {
  const built = await buildCluster();
  let byTarball: readonly string[] = [];
  await withControlPlane(
    'tarball',
    () => createHosts(built, 'tarball'),
    async plane => {
      const since = await powerOn(plane, [
        { index: 1, after: 0 },
        { index: 2, after: 0 },
        { index: 0, after: 20_000 },
      ]);
      t.diagnostic(
        `first power-on to /readyz on all three: ${seconds(await untilReady(plane, since))} (the last host was switched on after 20 s)`,
      );
      byTarball = await installedFiles(member(plane, 0).host);
      await runChecks(t, plane);
    },
  );

  await t.test('both entrances install the same files', async () => {
    await withControlPlane(
      'same-state',
      () => createHosts(built, 'user-data'),
      async plane => {
        // One host alone: installed is enough, it need not find its quorum.
        const { host } = member(plane, 0);
        await host.start();
        // Behind it, etcd waits for the others and says so in the same file.
        const done = async () => ['start', 'etcd'].includes((await installStatus(host)).stage);
        await eventually('cp-1 is installed', done, { timeout: 90_000, explain: () => describe(plane) });
        await eventually(
          'the files of both entrances are equal',
          async () => {
            assert.deepEqual(laid(await installedFiles(host)), laid(byTarball));
            return true;
          },
          { timeout: 10_000 },
        );
      },
    );
  });
});
