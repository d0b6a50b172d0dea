// Everything that cluster.yaml promises, on hosts that got nothing but their user-data: all nodes Ready, pods, Services, names.
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { everyHost, untilReady } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { seconds } from './patience.ts';
import { podsReachEachOther } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

test('three control-plane nodes and two workers, started at once in any order, are all Ready and run pods', {
  timeout: 900_000,
}, async t => {
  const built = await buildCluster({ size: 3, workers: 2, spec: { dns: { imageTag: 'v1.15.0' } } });
  await withControlPlane(
    'whole-cluster',
    () => createHosts(built, 'user-data'),
    async plane => {
      const { operator } = plane;
      const order = everyHost(plane).toSorted(() => Math.random() - 0.5);
      t.diagnostic(`started in the order ${order.map(({ name }) => name).join(' ')}`);
      const since = performance.now();
      for (const { host } of order) await host.start();
      t.diagnostic(`power-on to /readyz on all three: ${seconds(await untilReady(plane, since))}`);
      const names = everyHost(plane).map(({ name }) => name);
      await operator.wait('nodes', 'condition=Ready', names);
      t.diagnostic(`power-on to Ready on all five: ${seconds(performance.now() - since)}`);
      await podsReachEachOther(plane);
      t.diagnostic(`power-on to pods that reach each other: ${seconds(performance.now() - since)}`);
      console.log(await operator.kubectl(['get', 'nodes,pods,csr', '--all-namespaces', '--output=wide']));
    },
  );
});
