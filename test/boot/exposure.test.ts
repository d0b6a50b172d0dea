// What a node shows to whoever is not its operator: another machine of its network, a pod, a user of the machine.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { loosenKubelet, tightenKubelet } from './cis/loose-kubelet.ts';
import { openedBy } from './cis/unprivileged.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { answers, type Curl } from './exposure/answers.ts';
import { listening } from './exposure/listening.ts';
import { openToNobody } from './exposure/unix-sockets.ts';
import { importImages } from './images/import-images.ts';
import { agnhostImage, testImages } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually } from './patience.ts';
import { untilWebPods, webObjects } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

const KUBELET_PATHS = [
  'healthz',
  'pods',
  'runningpods/',
  'metrics',
  'metrics/cadvisor',
  'stats/summary',
  'configz',
  'logs/',
  'debug/pprof/',
  'checkpoint/default/web-w-1/web',
  'containerLogs/default/web-w-1/web',
  'exec/default/web-w-1/web?command=id&output=1',
  'run/default/web-w-1/web?cmd=id',
];
const kubelet = (address: string) => KUBELET_PATHS.map(path => `https://${address}:10250/${path}`);
const same = (urls: readonly string[], answer: string) => Object.fromEntries(urls.map(url => [url, answer]));

/** What any other machine, and any pod, gets of a node without a certificate. */
const fromOutside = (address: string) => ({
  ...same(kubelet(address), '401'),
  [`http://${address}:10255/pods`]: 'refused',
  [`http://${address}:10248/healthz`]: 'refused',
  [`http://${address}:10249/metrics`]: 'refused',
  [`http://${address}:10256/healthz`]: '200',
  [`http://${address}:10256/metrics`]: '404',
  [`http://${address}:10256/configz`]: '404',
  [`http://${address}:10256/debug/pprof/`]: '404',
});
const fromOutsideWorker = (address: string) => ({ ...fromOutside(address), [`https://${address}:8443/version`]: 'refused' });
const fromOutsideControlPlane = (address: string) => ({
  ...fromOutside(address),
  [`https://${address}:6443/version`]: '401',
  [`https://${address}:2379/health`]: 'no certificate',
  [`https://${address}:2380/members`]: 'no certificate',
  [`https://${address}:10257/healthz`]: 'refused',
  [`https://${address}:10259/healthz`]: 'refused',
});

/** Every agent's; kube-proxy tells each user of the machine its metrics and its configuration, which hold no secret. */
const FROM_THE_MACHINE = {
  ...same(kubelet('127.0.0.1'), '401'),
  'http://127.0.0.1:10255/pods': 'refused',
  'http://127.0.0.1:10248/healthz': '200',
  'http://127.0.0.1:10248/metrics': '404',
  'http://127.0.0.1:10249/metrics': '200',
  'http://127.0.0.1:10249/configz': '200',
  'http://127.0.0.1:10249/debug/pprof/': '404',
  'https://127.0.0.1:8443/version': '401',
};

const LISTENING = {
  agents: [
    'tcp *:10250 kubelet',
    'tcp *:10256 kube-proxy',
    'tcp 127.0.0.1:* containerd',
    'tcp 127.0.0.1:10248 kubelet',
    'tcp 127.0.0.1:10249 kube-proxy',
    'udp *:8472 kernel',
  ],
  worker: ['tcp 127.0.0.1:8443 haproxy'],
  controlPlane: [
    'tcp *:6443 kube-apiserver',
    'tcp 10.77.0.11:2380 etcd',
    'tcp 10.77.0.11:2379 etcd',
    'tcp 127.0.0.1:2379 etcd',
    'tcp 127.0.0.1:10257 kube-controller',
    'tcp 127.0.0.1:10259 kube-scheduler',
  ],
};

/** Where agents and pods leave files. */
const PLACES = [
  ...['/etc/kubernetes', '/etc/containerd', '/etc/cni', '/etc/kube-flannel', '/run/containerd', '/run/cni', '/run/flannel'],
  ...[
    '/run/kubekiln',
    '/var/lib/kubelet',
    '/var/lib/containerd',
    '/var/lib/cni',
    '/var/lib/kubekiln',
    '/var/log/pods',
    '/var/log/containers',
  ],
];

/** What every user of the machine may read there: settings and addresses, and a digest by which kubelet's identity is known again. */
const READABLE = [
  '/etc/containerd/conf.d/pod-host.toml',
  '/etc/containerd/config.toml',
  '/run/flannel/subnet.env',
  '/run/kubekiln/resolv.conf',
  '/var/lib/kubelet/pki/kubekiln-identity',
];

test('a node shows nothing to who is not its operator', { timeout: 900_000 }, async t => {
  const built = await buildCluster({ size: 1, workers: 1 });
  const [images, agnhost] = [await testImages(), await agnhostImage()];
  await withControlPlane(
    'exposure',
    () => createHosts(built, 'user-data'),
    async plane => {
      const [first, worker] = [member(plane, 0), plane.workers[0]];
      assert.ok(worker);
      await worker.host.start();
      await untilReady(plane, await powerOn(plane, [{ index: 0, after: 0 }]));
      await Promise.all([first, worker].map(node => importImages(node, images)));
      await plane.operator.wait('nodes', 'condition=Ready', [first.name, worker.name]);
      await plane.operator.apply(webObjects([worker.name], agnhost.reference));
      const web = await untilWebPods(plane.operator, [worker.name]);

      const machine: Curl = args => plane.network.capture('curl', args);
      const pod: Curl = args => plane.operator.tryKubectl(['exec', `web-${worker.name}`, '--', 'curl', ...args]);
      const local: Curl = args => worker.host.inNetwork('curl', args);
      const expect = async (from: Curl, expected: Readonly<Record<string, string>>, ...more: string[]) =>
        assert.deepEqual(await answers(from, Object.keys(expected), more), expected);

      await t.test('nothing listens but what must', async subtest => {
        const onWorker = await listening(worker.host);
        assert.deepEqual(onWorker, [...LISTENING.agents, ...LISTENING.worker].sort());
        const onControlPlane = await listening(first.host);
        assert.deepEqual(onControlPlane, [...LISTENING.agents, ...LISTENING.controlPlane].sort());
        subtest.diagnostic(`${onWorker.length} on a worker, ${onControlPlane.length} on a control-plane node`);
      });

      for (const [who, from] of Object.entries({ 'another machine': machine, 'a pod': pod })) {
        await t.test(`to ${who} without a certificate`, async () => {
          await expect(from, fromOutsideWorker(worker.address));
          await expect(from, fromOutsideControlPlane(first.address));
        });
      }

      await t.test("to a pod with its service account's token, at the bridge's address too", async () => {
        const token = (await web.on(worker.name, 'cat', '/var/run/secrets/kubernetes.io/serviceaccount/token')).trim();
        const bridge = (await web.on(worker.name, 'sh', '-c', "ip route | awk '/^default/ { print $3 }'")).trim();
        for (const address of [worker.address, first.address, bridge])
          await expect(pod, same(kubelet(address), '403'), '--header', `Authorization: Bearer ${token}`);
      });

      await t.test('to certificates of the cluster that may not: of an agent, and of another node', async () => {
        const pair = (stem: string) => {
          const path = join(worker.host.root, 'etc/kubernetes/pki', stem);
          return ['--cert', `${path}.crt`, '--key', `${path}.key`];
        };
        await expect(machine, same(kubelet(worker.address), '403'), ...pair('flannel'));
        await expect(machine, same(kubelet(first.address), '403'), ...pair('kubelet-client'));
      });

      await t.test('to a user of the machine', async subtest => {
        await expect(local, FROM_THE_MACHINE);
        const { stdout } = await worker.host.inNetwork('ss', ['--no-header', '--listening', '--tcp', '--numeric', '--processes']);
        const streams = /127\.0\.0\.1:(\d+) .*"containerd"/.exec(stdout)?.[1] ?? assert.fail(stdout);
        // A stream is opened with a token that only kubelet is given.
        await expect(local, same([`http://127.0.0.1:${streams}/exec/guessed`, `http://127.0.0.1:${streams}/portforward/guessed`], '404'));
        const { tried, open } = await openToNobody(worker.host);
        assert.deepEqual(open, []);
        const files = await openedBy(worker.host, 'nobody', PLACES);
        assert.deepEqual([...files.opened].sort(), READABLE);
        subtest.diagnostic(`${tried} sockets, ${files.tried} files`);
        assert.equal(await worker.host.sh('sysctl --values net.ipv4.conf.all.route_localnet'), '0\n');
      });

      await t.test('what is open is seen', async () => {
        const [pods, readOnly] = [`https://${worker.address}:10250/pods`, `http://${worker.address}:10255/pods`];
        await loosenKubelet(worker);
        await eventually('the pod is known again', async () => (await web.on(worker.name, 'true')) === '');
        await expect(pod, { [pods]: '200', [readOnly]: '200' });
        assert.ok((await listening(worker.host)).includes('tcp *:10255 kubelet'));
        await tightenKubelet(worker);
        await eventually('the pod is known again', async () => (await web.on(worker.name, 'true')) === '');
        await expect(pod, { [pods]: '401', [readOnly]: 'refused' });
        const socket = '/run/containerd/containerd.sock';
        await worker.host.sh(`chmod 666 ${socket}`);
        assert.deepEqual((await openToNobody(worker.host)).open, [socket]);
        await worker.host.sh(`chmod 660 ${socket}`);
      });
    },
  );
});
