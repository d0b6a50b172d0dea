// Everything that cluster.yaml promises, on hosts that got nothing but their user-data: all nodes Ready, whatever the order of their start.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { everyHost, untilReady } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

test('three control-plane nodes and two workers, started at once in any order, are all Ready', { timeout: 900_000 }, async t => {
  const built = await buildCluster({ size: 3, workers: 2 });
  await withControlPlane(
    'whole-cluster',
    () => createHosts(built, 'user-data'),
    async plane => {
      const since = performance.now();
      for (const { host } of everyHost(plane).toSorted(() => Math.random() - 0.5)) await host.start();
      t.diagnostic(`power-on to /readyz on all three: ${seconds(await untilReady(plane, since))}`);
      const names = everyHost(plane).map(({ name }) => name);
      await plane.operator.wait('nodes', 'condition=Ready', names);
      t.diagnostic(`power-on to Ready on all five: ${seconds(performance.now() - since)}`);
      const roles = await plane.operator.kubectl(['get', 'nodes', '--no-headers']);
      console.log(roles);
      assert.ok(true);
    },
  );
});
