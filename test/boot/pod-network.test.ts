// The network of a cluster on real hosts, in each of its forms: pod to pod across nodes, Services by address, name and node port, both families.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { buildCluster, type ClusterSettings } from './built-cluster.ts';
import { type ControlPlane, everyHost, powerOn, untilReady } from './control-plane.ts';
import { importImages } from './images/import-images.ts';
import { agnhostImage, COREDNS_VERSION, testImages } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, seconds } from './patience.ts';
import { untilWebPods, type WebPods, webObjects } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

const CORE_DNS = { dns: { imageTag: COREDNS_VERSION } };

interface Booted {
  readonly plane: ControlPlane;
  readonly web: WebPods;
  readonly names: readonly string[];
}

/** Boots one control-plane node and one worker, with a web pod on each, and tries every way to them. */
async function tryNetwork(
  t: TestContext,
  label: string,
  settings: ClusterSettings,
  more: (booted: Booted) => Promise<void>,
): Promise<void> {
  const built = await buildCluster({ size: 1, workers: 1, ...settings, spec: { ...CORE_DNS, ...settings.spec } });
  const [images, agnhost] = [await testImages(), await agnhostImage()];
  await withControlPlane(
    label,
    () => createHosts(built, 'user-data'),
    async plane => {
      const { operator } = plane;
      const since = await powerOn(plane, [{ index: 0, after: 0 }]);
      for (const { host } of plane.workers) await host.start();
      await Promise.all(everyHost(plane).map(node => importImages(node, images)));
      await untilReady(plane, since);
      const names = everyHost(plane).map(({ name }) => name);
      await operator.wait('nodes', 'condition=Ready', names);
      t.diagnostic(`${label}: power-on to Ready on all: ${seconds(performance.now() - since)}`);
      await operator.wait('deployments', 'condition=Available', ['coredns'], '--namespace=kube-system');
      t.diagnostic(`${label}: power-on to CoreDNS: ${seconds(performance.now() - since)}`);
      await operator.apply(webObjects(names, agnhost.reference));
      const web = await untilWebPods(operator, names);
      for (const from of names) {
        for (const to of names) assert.equal(await web.ask(from, await web.endpoint(to)), `web-${to}`, `pod to pod, ${from} to ${to}`);
        const ways = [
          'web.default.svc.cluster.local',
          web.clusterIp,
          ...everyHost(plane).map(({ address }) => `${address}:${web.nodePort}`),
        ];
        for (const at of ways)
          assert.match(await eventually(`the Service answers at ${at}, asked on ${from}`, () => web.ask(from, at)), /^web-/);
      }
      for (const { name, host } of everyHost(plane)) {
        const said = await host.journal('--boot', '--unit=kube-proxy', '--unit=flanneld');
        assert.doesNotMatch(said, /permission denied|read-only file system|operation not permitted|lenient decoding/i, name);
      }
      await more({ plane, web, names });
    },
  );
}

/** Every rule of nftables on a host. */
function rules({ plane }: Booted): Promise<string> {
  return everyHost(plane)[0]?.host.sh('nft list ruleset') ?? Promise.resolve('');
}

test('by default: nftables, VXLAN', { timeout: 900_000 }, t =>
  tryNetwork(t, 'pod-network', {}, async booted => {
    const { plane, web, names } = booted;
    assert.match(await rules(booted), /table ip kube-proxy/);
    for (const { host } of everyHost(plane)) {
      const conflist = JSON.parse(await host.sh('cat /etc/cni/net.d/10-flannel.conflist'));
      assert.match(conflist.plugins[0].ipam.ranges[0][0].subnet, /^10\.244\.\d+\.0\/24$/);
      assert.equal((await host.sh('cat /sys/class/net/cni0/mtu')).trim(), '1450');
      assert.doesNotMatch(await host.sh('cat /run/kubekiln/resolv.conf'), /nameserver\s+127/);
    }
    const spread = await plane.operator.kubectl([
      'get',
      'pods',
      '-A',
      '-l',
      'k8s-app=kube-dns',
      '-o',
      'jsonpath={.items[*].spec.nodeName}',
    ]);
    t.diagnostic(`CoreDNS on ${spread}`);
    // No upstream is there: names outside the cluster are an error at once, and CoreDNS lives.
    const asked = performance.now();
    await assert.rejects(web.on(names[0] ?? '', 'nslookup', '-timeout=4', 'example.com.', '10.96.0.10'));
    t.diagnostic(`a name outside the cluster: an error after ${seconds(performance.now() - asked)}`);
    const restarts = '{.items[*].status.containerStatuses[*].restartCount}';
    assert.match(await plane.operator.kubectl(['get', 'pods', '-A', '-l', 'k8s-app=kube-dns', '-o', `jsonpath=${restarts}`]), /^0( 0)*$/);
    // A pod reaches itself through its Service: hairpin.
    await plane.operator.kubectl(['delete', 'pod', `web-${names[1]}`, '--now']);
    await eventually(
      'a pod reaches itself by its Service',
      async () => (await web.ask(names[0] ?? '', web.clusterIp)) === `web-${names[0]}`,
    );
  }),
);

test('iptables, host-gw, an MTU of its own', { timeout: 900_000 }, t =>
  tryNetwork(
    t,
    'pod-network-iptables',
    { spec: { podNetwork: { backend: 'host-gw', mtu: 1400 }, kubeProxyConfiguration: { mode: 'iptables' } } },
    async booted => {
      assert.doesNotMatch(await rules(booted), /table ip kube-proxy/);
      for (const { host } of everyHost(booted.plane)) {
        assert.match(await host.sh('iptables-save --table nat'), /KUBE-SERVICES/);
        assert.equal((await host.sh('cat /sys/class/net/cni0/mtu')).trim(), '1400');
        assert.notEqual((await host.try('ip link show flannel.1')).code, 0, 'no tunnel');
      }
    },
  ),
);

test('dual stack', { timeout: 900_000 }, t =>
  tryNetwork(t, 'pod-network-dual-stack', { dualStack: true }, async ({ plane, web, names }) => {
    for (const to of names) {
      const ips = await plane.operator.kubectl(['get', 'pod', `web-${to}`, '--output=jsonpath={.status.podIPs[*].ip}']);
      const ipv6 = ips.split(' ').find(ip => ip.includes(':'));
      assert.ok(ipv6, ips);
      for (const from of names) assert.equal(await web.ask(from, `[${ipv6}]:8080`), `web-${to}`, `${from} to ${to} by IPv6`);
    }
    const addresses = await plane.operator.kubectl([
      '-n',
      'kube-system',
      'get',
      'service',
      'kube-dns',
      '-o',
      'jsonpath={.spec.clusterIPs[*]}',
    ]);
    const dns = addresses.split(' ').find(ip => ip.includes(':')) ?? '';
    assert.match(await web.on(names[1] ?? '', 'dig', '+short', `@${dns}`, 'web.default.svc.cluster.local'), /^10\.96\./);
    assert.equal((await everyHost(plane)[0]?.host.sh('cat /sys/class/net/cni0/mtu'))?.trim(), '1430');
  }),
);
