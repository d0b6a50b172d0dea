// Proves the harness itself: hosts in nspawn can run kubelet, containerd, a pod network and DNS, and leave this machine's kernel as it was. The nodes are
// of hand-made units: when this fails, look at the machine before kubekiln.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { keepLogs, powerOn, untilReady } from './control-plane.ts';
import { corednsObjects } from './floor-dns.ts';
import { allowFloorNodes, createFloorNodes, importImages } from './floor-nodes.ts';
import { writeImage } from './images/archive.ts';
import { agnhostImage, testImages } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { machineSettings } from './machine-settings.ts';
import { SUBNET } from './network.ts';
import { eventually, seconds } from './patience.ts';
import { runDirectory } from './run-directory.ts';
import { withControlPlane } from './with-control-plane.ts';

const NODES = ['w-1', 'w-2'].map((name, index) => ({ name, address: `${SUBNET.prefix}.${21 + index}` }));

test('nodes with hand-made units become Ready, and pods reach each other, a Service and DNS', { timeout: 900_000 }, async t => {
  const before = await machineSettings();
  const built = await buildCluster({ size: 1 });
  const images = await testImages();
  const agnhost = (await agnhostImage()).reference;
  await withControlPlane(
    'pod-hosts',
    () => createHosts(built, 'user-data'),
    async plane => {
      const { operator } = plane;
      await untilReady(plane, await powerOn(plane, [{ index: 0, after: 0 }]));
      await allowFloorNodes(plane);
      const nodes = await createFloorNodes(plane, NODES);
      try {
        const since = performance.now();
        for (const node of nodes) await node.host.start();
        await operator.wait(
          'nodes',
          'condition=Ready',
          NODES.map(({ name }) => name),
        );
        t.diagnostic(`power-on to Ready on both: ${seconds(performance.now() - since)}`);
        await Promise.all(nodes.map(node => importImages(node, images)));

        await operator.apply([...corednsObjects(), ...NODES.flatMap(({ name }) => web(name, agnhost))]);
        await operator.wait(
          'pods',
          'condition=Ready',
          NODES.map(({ name }) => `web-${name}`),
        );
        t.diagnostic(`power-on to pods: ${seconds(performance.now() - since)}`);
        const inPod = (pod: string, ...command: string[]) => operator.kubectl(['exec', pod, '--', ...command]);
        const addressOf = async (pod: string) => operator.kubectl(['get', 'pod', pod, '--output=jsonpath={.status.podIP}']);
        for (const { name } of NODES) assert.equal((await inPod(`web-${name}`, 'hostname')).trim(), `web-${name}`);
        assert.match(await operator.kubectl(['logs', 'web-w-1']), /Started HTTP server/);

        const get = (from: string, at: string) => inPod(from, 'curl', '--silent', '--max-time', '3', `http://${at}/hostname`);
        assert.equal(await get('web-w-1', `${await addressOf('web-w-2')}:8080`), 'web-w-2');
        assert.equal(await get('web-w-2', `${await addressOf('web-w-1')}:8080`), 'web-w-1');
        const clusterIp = await operator.kubectl(['get', 'service', 'web', '--output=jsonpath={.spec.clusterIP}']);
        assert.match(await eventually('the ClusterIP answers', () => get('web-w-1', clusterIp)), /^web-w-\d$/);
        assert.match(await eventually('CoreDNS answers', () => get('web-w-2', 'web.default.svc.cluster.local')), /^web-w-\d$/);
        for (const node of nodes) {
          assert.notEqual((await node.host.try('date --set=@0')).code, 0, 'a host could set the clock of this machine');
          await node.host.sh(
            'sysctl --quiet --write kernel.panic=3 vm.swappiness=1 fs.inotify.max_user_watches=70000 net.ipv4.tcp_keepalive_time=300',
          );
          assert.match(await node.host.sh('sysctl vm.swappiness kernel.panic'), /swappiness = 1\nkernel.panic = 3/);
        }
      } finally {
        await keepLogs({ ...plane, members: nodes }, 'pod-hosts');
        await Promise.all(nodes.map(({ host }) => host.remove()));
      }
    },
  );
  assert.deepEqual(await machineSettings(), before, 'a host changed the settings of this machine');
});

test('an image archive is the same bytes each time', async () => {
  const directory = join(runDirectory(), 'image');
  await mkdir(join(directory, 'root/bin'), { recursive: true });
  const digests = [];
  for (const name of ['one', 'two']) {
    await writeFile(join(directory, 'root/bin/program'), 'one');
    await writeImage(join(directory, name), 'example.org/image:1', join(directory, 'root'), { Entrypoint: ['/bin/program'] });
    digests.push(
      createHash('sha256')
        .update(await readFile(join(directory, name)))
        .digest('hex'),
    );
  }
  assert.equal(digests[0], digests[1]);
});

/** A pod bound to that node's place by its name, answering on port 8080, and the Service before all of them. */
function web(node: string, image: string): readonly object[] {
  const labels = { app: 'web' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `web-${node}`, labels },
      spec: {
        nodeSelector: { 'kubernetes.io/hostname': node },
        containers: [{ name: 'web', image, args: ['netexec', '--http-port=8080'] }],
      },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
  ];
}
