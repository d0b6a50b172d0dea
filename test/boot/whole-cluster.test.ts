// Everything that cluster.yaml promises, on hosts that got nothing but their user-data: all nodes Ready, pods, Services, names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { everyHost, untilReady } from './control-plane.ts';
import { importImages } from './floor-nodes.ts';
import { agnhostImage, testImages } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { seconds } from './patience.ts';
import { untilWebPods, webObjects } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

test('three control-plane nodes and two workers, started at once in any order, are all Ready and run pods', {
  timeout: 900_000,
}, async t => {
  const built = await buildCluster({ size: 3, workers: 2, spec: { dns: { imageTag: 'v1.15.0' } } });
  const images = await testImages();
  const agnhost = (await agnhostImage()).reference;
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
      await Promise.all(everyHost(plane).map(node => importImages(node, images)));

      const workers = plane.workers.map(({ name }) => name);
      await operator.apply(webObjects(workers, agnhost));
      const web = await untilWebPods(operator, workers);
      t.diagnostic(`power-on to pods on both workers: ${seconds(performance.now() - since)}`);
      for (const from of workers) {
        for (const to of workers) assert.equal(await web.ask(from, await web.endpoint(to)), `web-${to}`, 'pod to pod');
        assert.match(await web.ask(from, web.clusterIp), /^web-w-\d$/, 'through the ClusterIP');
        assert.match(await web.ask(from, `10.77.0.11:${web.nodePort}`), /^web-w-\d$/, 'through the NodePort of a node without such a pod');
      }
      await operator.wait('pods', 'condition=Ready', [], '--namespace=kube-system', '--selector=k8s-app=kube-dns');
      assert.match(await web.ask('w-1', 'web.default.svc.cluster.local'), /^web-w-\d$/, 'by name');
      console.log(await operator.kubectl(['get', 'nodes,pods,csr', '--all-namespaces', '--output=wide']));
    },
  );
});
