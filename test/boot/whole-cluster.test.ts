// Everything that cluster.yaml promises, on hosts that got nothing but their user-data: all nodes Ready, pods, Services, names; and what is left of it
// while the control plane has no quorum.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { everyHost, untilReady } from './control-plane.ts';
import { agnhostImage, COREDNS_VERSION, testImages } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { untilReadyAgain } from './node-leases.ts';
import { eventually, seconds, sleep } from './patience.ts';
import { createRegistry } from './registry.ts';
import { untilWebPods, webDeployment, webObjects } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

/** The issue's aim on a machine of two cores, in milliseconds. */
const AIM = 90_000;
const PINNED = 'labels."io.cri-containerd.pinned"==pinned';
const OUTAGE = 10_000;

test('three control-plane nodes and two workers, started at once in any order', { timeout: 900_000 }, async t => {
  const registry = await createRegistry(await testImages(), { open: true });
  const built = await buildCluster({
    size: 3,
    workers: 2,
    spec: { dns: { imageTag: COREDNS_VERSION }, registries: registry.registries },
    files: registry.files,
  });
  const agnhost = (await agnhostImage()).reference;
  await withControlPlane(
    'whole-cluster',
    () => createHosts(built, 'user-data'),
    async plane => {
      const { operator, workers } = plane;
      await registry.start(plane.network);
      const order = everyHost(plane).toSorted(() => Math.random() - 0.5);
      t.diagnostic(`started in the order ${order.map(({ name }) => name).join(' ')}`);
      const since = performance.now();
      for (const { host } of order) await host.start();
      t.diagnostic(`power-on to /readyz on all three: ${seconds(await untilReady(plane, since))}`);
      const names = everyHost(plane).map(({ name }) => name);
      await operator.wait('nodes', 'condition=Ready', names);
      t.diagnostic(`power-on to Ready on all five: ${seconds(performance.now() - since)} (aim ${seconds(AIM)})`);
      await operator.apply([...webObjects(names, agnhost), ...webDeployment('four', 4, agnhost)]);
      const web = await untilWebPods(operator, names);
      await operator.wait('deployments', 'jsonpath={.status.readyReplicas}=4', ['four']);
      t.diagnostic(`power-on to pods, with images pulled: ${seconds(performance.now() - since)}`);
      const four = async (path: string) =>
        (await operator.kubectl(['get', 'pods', '--selector=app=four', `--output=jsonpath=${path}`])).split(' ').sort();
      const service = (path: string) => operator.kubectl(['get', 'service', 'four', `--output=jsonpath=${path}`]);
      const nodePort = await service('{.spec.ports[0].nodePort}');

      await t.test('kubectl exec, logs and port-forward work against every node, and pods reach those of other nodes', async () => {
        for (const [index, name] of names.entries()) {
          assert.equal((await web.on(name, 'hostname')).trim(), `web-${name}`, `exec on ${name}`);
          assert.match(await operator.kubectl(['logs', `web-${name}`]), /Started HTTP server/, `logs on ${name}`);
          const forwarded = await operator.forwarded(`web-${name}`, 8080, url =>
            plane.network.run('curl', ['--silent', '--fail', `${url}/hostname`]),
          );
          assert.equal(forwarded, `web-${name}`, `port-forward to ${name}`);
          const other = names[(index + 1) % names.length] ?? '';
          assert.equal(await web.ask(name, await web.endpoint(other)), `web-${other}`, `pod to pod, ${name} to ${other}`);
        }
      });

      await t.test('a Deployment of four on two workers answers at its ClusterIP and its NodePort, from another node', async () => {
        const on = await four('{.items[*].spec.nodeName}');
        assert.deepEqual(on, ['w-1', 'w-1', 'w-2', 'w-2']);
        const pods = await four('{.items[*].metadata.name}');
        const [first, second] = plane.members;
        for (const at of [await service('{.spec.clusterIP}'), `${second?.address}:${nodePort}`]) {
          const asked = await first?.host.sh(`for i in $(seq 60); do curl -sf -m 3 http://${at}/hostname; echo; done`);
          assert.deepEqual([...new Set(asked?.trim().split('\n'))].sort(), pods, `from cp-1, at ${at}`);
        }
      });

      await t.test('a pod finds a Service by its name', async () => {
        await operator.wait('pods', 'condition=Ready', [], '--namespace=kube-system', '--selector=k8s-app=kube-dns');
        assert.match(await web.ask('w-1', 'four.default.svc.cluster.local'), /^four-/);
      });

      await t.test(
        'nothing is pulled but what `kubekiln images list` lists and the test itself; the listed images are pinned',
        async subtest => {
          const listed = JSON.parse(await built.kubekiln('images', 'list', '--output', 'json')) as { images: readonly { image: string }[] };
          const table = listed.images.map(({ image }) => image);
          assert.equal(table.length, 2, table.join(' '));
          const asked = registry.asked().map(image => `registry.k8s.io/${image}`);
          assert.deepEqual(asked, [...table, agnhost].sort());
          for (const { name, host } of everyHost(plane)) {
            const images = async (filter = '') => {
              const references = (await host.sh(`ctr --namespace k8s.io images list --quiet ${filter && `'${filter}'`}`))
                .trim()
                .split('\n');
              return references.filter(reference => !/^sha256:|@/.test(reference)).sort();
            };
            const here = await images();
            assert.deepEqual(
              here.filter(image => !table.includes(image) && image !== agnhost),
              [],
              name,
            );
            assert.deepEqual(
              await images(PINNED),
              here.filter(image => table.includes(image)),
              `pinned on ${name}`,
            );
            subtest.diagnostic(`${name}: ${here.join(' ')}`);
          }
        },
      );

      await t.test('two of three control-plane nodes lost: workers keep their pods; quorum back: all Ready again', async subtest => {
        const tasks = () => Promise.all(workers.map(({ host }) => host.sh('ctr --namespace k8s.io tasks list --quiet | sort')));
        const [before, [survivor, ...lost]] = [await tasks(), plane.members];
        const podIps = await four('{.items[*].status.podIP}');
        assert.ok(survivor);
        await Promise.all(lost.map(({ host }) => host.cut()));
        await eventually(`${survivor.name} has no quorum`, async () => !(await operator.ready(survivor.address)));
        const end = performance.now() + OUTAGE;
        let asked = 0;
        for (; performance.now() < end; await sleep(500)) {
          for (const { address, host } of workers) {
            const from = (at: string) => host.sh(`curl -sf -m 3 http://${at}/hostname`);
            const answers = [
              plane.network.run('curl', ['-sf', '-m', '3', `http://${address}:${nodePort}/hostname`]),
              ...podIps.map(ip => from(`${ip}:8080`)),
            ];
            for (const answer of await Promise.all(answers)) assert.match(answer, /^four-/);
            asked += answers.length;
          }
        }
        assert.equal(await operator.ready(survivor.address), false);
        assert.deepEqual(await tasks(), before, 'containers of the workers');
        subtest.diagnostic(`without a quorum for ${seconds(OUTAGE)}: ${asked} requests to the workers' pods, none failed`);
        const back = Date.now();
        for (const { host } of lost) await host.start();
        await untilReadyAgain(plane, names, back);
        subtest.diagnostic(`power-on of the two to Ready on all five: ${seconds(Date.now() - back)}`);
        assert.deepEqual(await tasks(), before, 'containers of the workers, with the quorum back');
      });
      console.log(await operator.kubectl(['get', 'nodes,pods,csr', '--all-namespaces', '--output=wide']));
    },
  );
});
