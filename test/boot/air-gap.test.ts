// A room without a network: hosts that hold no program of Kubernetes and reach nobody get one bundle and their seeds.
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { BUNDLE_NAME, buildBakeableCluster, bundleOf } from './bakeable-cluster.ts';
import { describe, everyHost, powerOn, untilReady } from './control-plane.ts';
import { importImages } from './images/import-images.ts';
import { agnhostImage, busyboxImage, corednsImage, pauseImage } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { untilReadyAgain } from './node-leases.ts';
import { networkConfigOf, THREE_NODES, workerNodes } from './nodes.ts';
import { eventually, seconds } from './patience.ts';
import { consoleMark, consoleSince } from './verdict.ts';
import { webDeployment } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

const STICK = '/srv/kubekiln';
const PINNED = 'labels."io.cri-containerd.pinned"==pinned';

test('five hosts without a network, from one bundle and their seeds', { timeout: 1_200_000 }, async t => {
  const images = [await pauseImage(), await corednsImage(), await agnhostImage()];
  const agnhost = images[2]?.reference ?? '';
  const nodeOf =
    (role: string) =>
    ({ name, address }: { readonly name: string; readonly address: string }) => ({
      ...{ name, role, address, networkConfig: networkConfigOf(address, {}) },
      // The test's own settings of kubelet: here no wrapper stands in its place.
      nodeRegistration: { kubeletExtraArgs: [{ name: 'config-dir', value: '/etc/pod-host/kubelet.d' }] },
    });
  const workers = workerNodes(2);
  const settings = {
    size: 3,
    workers: 2,
    spec: {
      binaries: { source: 'bundle' },
      runtime: { source: 'bundle' },
      bundle: { directory: STICK },
      addons: ['web.yaml'],
      // This machine's disk is fuller than that: every image that is neither used nor pinned goes.
      kubeletConfiguration: { imageGCHighThresholdPercent: 2, imageGCLowThresholdPercent: 1, imageMinimumGCAge: '1s' },
      nodes: [...THREE_NODES.map(nodeOf('control-plane')), ...workers.map(nodeOf('worker'))],
    },
    files: {
      'web.yaml': webDeployment('four', 4, agnhost)
        .map(object => `---\n${JSON.stringify(object)}\n`)
        .join(''),
    },
  } as const;
  const built = await buildBakeableCluster(settings, images);
  const stick = await bundleOf(built);

  await withControlPlane(
    'air-gap',
    () => createHosts(built, 'user-data', { programs: new Map(), nspawnArguments: [`--bind-ro=${stick}:${STICK}`] }),
    async plane => {
      const { operator } = plane;
      const hosts = everyHost(plane);
      const names = hosts.map(({ name }) => name);
      const asked = () =>
        eventually(
          'a pod finds the Service by its name',
          () => operator.kubectl(['exec', 'deploy/four', '--', 'curl', '-sf', '-m', '3', 'http://four.default.svc.cluster.local/hostname']),
          { explain: () => describe(plane) },
        );

      let stands = false;
      await t.test('all Ready, names and pods', async subtest => {
        const since = await powerOn(plane);
        for (const { host } of plane.workers) await host.start();
        // Five hosts unpack and check everything on the two processors of one machine.
        for (const { name, host } of hosts) {
          const installed = async () => / kubekiln: done: /.test(await consoleSince(host, 0));
          await eventually(`${name} is installed`, installed, { timeout: 600_000, every: 1000, explain: () => describe(plane) });
        }
        subtest.diagnostic(`power-on to installed on all five: ${seconds(performance.now() - since)}`);
        await untilReady(plane, performance.now());
        subtest.diagnostic(`power-on to /readyz on all three: ${seconds(performance.now() - since)}`);
        await operator.wait('nodes', 'condition=Ready', names);
        subtest.diagnostic(`power-on to Ready on all five: ${seconds(performance.now() - since)}`);
        await operator.wait('deployments', 'jsonpath={.status.readyReplicas}=4', ['four']);
        await operator.wait('pods', 'condition=Ready', [], '--namespace=kube-system', '--selector=k8s-app=kube-dns');
        subtest.diagnostic(`power-on to pods: ${seconds(performance.now() - since)}`);
        assert.match(await asked(), /^four-/);
        stands = true;
      });

      if (!stands) return;
      await t.test('every image of the bundle is on every host, where garbage collection leaves it', async subtest => {
        // Nobody uses CoreDNS and the add-on then, and busybox is pinned by nobody.
        await operator.kubectl(['scale', 'deployment', 'coredns', '--namespace=kube-system', '--replicas=0']);
        await operator.kubectl(['scale', 'deployment', 'four', '--replicas=0']);
        await operator.kubectl(['wait', 'pods', '--for=delete', '--selector=app=four', '--timeout=120s']);
        const busybox = await busyboxImage();
        for (const member of hosts) await importImages(member, [busybox]);
        const since = Date.now();
        for (const { host } of hosts) await host.sh('systemctl restart kubelet');
        for (const { name, host } of hosts) {
          const gone = async () => !(await host.sh('ctr --namespace k8s.io images list --quiet')).includes(busybox.reference);
          await eventually(`${busybox.reference} is gone from ${name}`, gone, { timeout: 360_000, every: 1000 });
        }
        subtest.diagnostic(`kubelet removed ${busybox.reference} on all five within ${seconds(Date.now() - since)}`);
        for (const { name, host } of hosts) {
          const pinned = (await host.sh(`ctr --namespace k8s.io images list --quiet '${PINNED}'`)).trim().split('\n');
          // containerd gives an image its digest as a second name
          const named = pinned.filter(reference => !/^sha256:|@/.test(reference)).sort();
          assert.deepEqual(named, images.map(({ reference }) => reference).sort(), name);
          assert.equal((await host.sh('ls /var/lib/kubekiln/images')).trim(), '', 'what was imported needs no place twice');
        }
      });

      await t.test('the stick is gone, all are switched off and on: the same again', async subtest => {
        await operator.kubectl(['scale', 'deployment', 'coredns', '--namespace=kube-system', '--replicas=2']);
        await operator.kubectl(['scale', 'deployment', 'four', '--replicas=4']);
        await rename(join(stick, BUNDLE_NAME), join(built.upstream, 'away.tar'));
        await Promise.all(hosts.map(({ host }) => host.stop()));
        const back = Date.now();
        for (const { host } of hosts) await host.start();
        await untilReadyAgain(plane, names, back);
        subtest.diagnostic(`power-on to Ready on all five: ${seconds(Date.now() - back)}`);
        assert.match(await asked(), /^four-/);
        for (const { host } of hosts) assert.doesNotMatch(await consoleSince(host, 0), /STOPPED/);
      });

      await t.test(
        'containerd does not run, then lacks an image, of which half an archive is left: named, and brought anew when the stick is back',
        async () => {
          const [, worker] = plane.workers;
          assert.ok(worker);
          const { host } = worker;
          const since = await consoleMark(host);
          const archive = `/var/lib/kubekiln/images/${agnhost.replaceAll('/', '_')}.tar`;
          await host.sh(`ctr --namespace k8s.io images list --quiet | grep agnhost | xargs ctr --namespace k8s.io images remove --sync`);
          const said = async (words: RegExp) => words.test(await consoleSince(host, since));
          await host.sh('systemctl stop containerd && systemctl restart --no-block kubekiln-images');
          await eventually('the console names containerd', () => said(/kubekiln: images: waiting for containerd: ctr: ./));
          await host.sh('systemctl start containerd');
          await host.sh(`head -c 100000 /usr/bin/tar > ${archive} && systemctl restart --no-block kubekiln-images`);
          await eventually('the console names the image', () =>
            said(/kubekiln: images: containerd lacks .*agnhost.*: .+; no volume labelled KUBEKILN/),
          );
          await rename(join(built.upstream, 'away.tar'), join(stick, BUNDLE_NAME));
          await eventually('it is imported', () => said(/kubekiln: images: .*agnhost.* is imported/), { timeout: 120_000 });
          assert.match(await host.sh(`ctr --namespace k8s.io images list --quiet '${PINNED}'`), /agnhost/);
          assert.equal((await host.sh('ls /var/lib/kubekiln/images')).trim(), '');
        },
      );
    },
  );
});
