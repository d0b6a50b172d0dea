// Proves the harness itself: hosts in nspawn can run kubelet, containerd, a pod network and DNS, and leave this machine's kernel as it was. The nodes are
// of hand-made units: when this fails, look at the machine before kubekiln.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { KUBERNETES_VERSION } from './cache.ts';
import { powerOn, untilReady } from './control-plane.ts';
import { corednsObjects } from './floor-dns.ts';
import { allowFloorNodes, createFloorNodes, importImages } from './floor-nodes.ts';
import { writeImage } from './images/archive.ts';
import { agnhostImage, testImages } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { machineSettings } from './machine-settings.ts';
import { CONTAINERD_1_VERSION, CONTAINERD_VERSION } from './node-programs.ts';
import { workerNodes } from './nodes.ts';
import { eventually, seconds } from './patience.ts';
import { runDirectory } from './run-directory.ts';
import { untilWebPods, webObjects } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

/** The older line of containerd, and the last minor that takes it, in the full run. */
const RELEASES = [
  { kubernetesVersion: KUBERNETES_VERSION, containerdVersion: CONTAINERD_VERSION },
  ...(process.env.KUBEKILN_BOOT_FULL !== '1' ? [] : [{ kubernetesVersion: 'v1.35.4', containerdVersion: CONTAINERD_1_VERSION }]),
];

for (const { kubernetesVersion, containerdVersion } of RELEASES) {
  const title = `Kubernetes ${kubernetesVersion}, containerd ${containerdVersion}: hand-made nodes become Ready, pods reach each other, a Service and DNS`;
  test(title, { timeout: 1_800_000 }, t => podsRun(t, kubernetesVersion, containerdVersion));
}

async function podsRun(t: TestContext, kubernetesVersion: string, containerdVersion: string): Promise<void> {
  const before = await machineSettings();
  const built = await buildCluster({ size: 1, kubernetesVersion });
  const [images, agnhost] = [await testImages(), await agnhostImage()];
  const create = async () => {
    const plane = await createHosts(built, 'user-data', { containerdVersion });
    return { ...plane, workers: await createFloorNodes(built, plane.network, workerNodes(2), containerdVersion) };
  };
  await withControlPlane('pod-hosts', create, async plane => {
    const { operator, workers } = plane;
    const names = workers.map(({ name }) => name);
    const since = await powerOn(plane, [{ index: 0, after: 0 }]);
    for (const { host } of workers) await host.start();
    await Promise.all(workers.map(node => importImages(node, images)));
    await untilReady(plane, since);
    await allowFloorNodes(plane);
    await operator.wait('nodes', 'condition=Ready', names);
    const runtimes = await operator.kubectl(['get', 'nodes', '--output=jsonpath={.items[*].status.nodeInfo.containerRuntimeVersion}']);
    assert.equal(runtimes, names.map(() => `containerd://${containerdVersion.slice(1)}`).join(' '));
    t.diagnostic(`power-on to Ready on all: ${seconds(performance.now() - since)}`);

    await operator.apply([...corednsObjects(), ...webObjects(names, agnhost.reference)]);
    const web = await untilWebPods(operator, names);
    t.diagnostic(`power-on to pods: ${seconds(performance.now() - since)}`);
    for (const [from, to] of [
      ['w-1', 'w-2'],
      ['w-2', 'w-1'],
    ] as const) {
      assert.equal((await web.on(from, 'hostname')).trim(), `web-${from}`);
      assert.match(await operator.kubectl(['logs', `web-${from}`]), /Started HTTP server/);
      assert.equal(await web.ask(from, await web.endpoint(to)), `web-${to}`, 'pod to pod');
      const service = {
        'its address': web.clusterIp,
        'its name': 'web.default.svc.cluster.local',
        'a port of the other node': `${address(to)}:${web.nodePort}`,
      };
      for (const [by, at] of Object.entries(service)) {
        assert.match(await eventually(`the Service answers by ${by}`, () => web.ask(from, at)), /^web-w-\d$/);
      }
    }
    for (const { host } of workers) {
      assert.notEqual((await host.try('date --set=@0')).code, 0, 'a host could set the clock of this machine');
      await host.sh('sysctl --quiet --write kernel.panic=3 vm.swappiness=1 fs.file-max=70000 net.core.rmem_max=70000 net.ipv4.tcp_sack=0');
      assert.match(await host.sh('sysctl vm.swappiness kernel.panic'), /swappiness = 1\nkernel.panic = 3/);
    }
    function address(of: string): string {
      return workers.find(({ name }) => name === of)?.address ?? '';
    }
  });
  assert.deepEqual(await machineSettings(), before, 'a host changed the settings of this machine');
}

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
