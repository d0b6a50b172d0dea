// A cluster without IPv4: whatever dials, listens, is named by a certificate or routes pods does so over IPv6. Loopback stays 127.0.0.1, which every
// Linux has.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseYaml } from '../../src/formats/yaml.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import type { Cluster } from '../../src/spec/cluster.ts';
import { parseFixture } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const cluster: Cluster = parseFixture(`apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: dev}
spec:
  kubernetesVersion: v1.37.1
  networking: {serviceSubnet: "fd00:96::/112", podSubnet: "fd00:244::/48", nodeCIDRMaskSizeIPv6: 60}
  nodes:
  - {name: cp-1, role: control-plane, address: "fd00:10::11"}
  - {name: cp-2, role: control-plane, address: "fd00:10::12"}
  - {name: cp-3, role: control-plane, address: "fd00:10::13"}
  - {name: w-1, role: worker, address: "fd00:10::21"}
`);
const requests = certificateRequests(cluster);
const plans = planCluster(cluster, requestCredentials(cluster, requests));
const planOf = (name: string): NodePlan => plans.find(plan => plan.node.name === name) ?? assert.fail(name);
const content = (name: string, path: string) => planOf(name).files.find(file => file.path === path)?.content ?? assert.fail(path);
const unit = (name: string, daemon: string) => content(name, `/etc/systemd/system/${daemon}.service`);

/** Values of a flag in a unit. */
function flag(text: string, name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^ +"?--${name}=([^"\\n]*?)"?(?: \\\\)?$`, 'gm'))].flatMap(([, value]) => value?.split(',') ?? []);
}

describe('a cluster of IPv6 alone', () => {
  it('puts brackets around addresses in the URLs of etcd', () => {
    const etcd = unit('cp-1', 'etcd');
    assert.deepEqual(flag(etcd, 'listen-peer-urls'), ['https://[fd00:10::11]:2380']);
    assert.deepEqual(flag(etcd, 'advertise-client-urls'), ['https://[fd00:10::11]:2379']);
    assert.deepEqual(
      flag(etcd, 'initial-cluster'),
      [11, 12, 13].map(last => `cp-${last - 10}=https://[fd00:10::${last}]:2380`),
    );
    assert.match(content('cp-1', '/etc/kubekiln/node.env'), /ETCD_PEERS='https:\/\/\[fd00:10::12\]:2380 https:\/\/\[fd00:10::13\]:2380'/);
  });

  it('names the addresses in certificates, those of the service subnet too', () => {
    const addresses = (name: string) => requests.find(request => request.name === name)?.ipAddresses ?? assert.fail(name);
    assert.deepEqual(new Set(addresses('cp-1/apiserver')), new Set(['fd00:96::1', 'fd00:10::11', '127.0.0.1', '::1']));
    for (const name of ['cp-1/etcd/server', 'cp-1/etcd/peer'])
      assert.deepEqual(new Set(addresses(name)), new Set(['fd00:10::11', '127.0.0.1', '::1']), name);
    assert.deepEqual(addresses('w-1/kubelet'), ['fd00:10::21']);
  });

  it('advertises and allocates by subnets of IPv6', () => {
    const [apiServer, controllers] = [unit('cp-1', 'kube-apiserver'), unit('cp-1', 'kube-controller-manager')];
    assert.deepEqual(flag(apiServer, 'advertise-address'), ['fd00:10::11']);
    assert.deepEqual(flag(apiServer, 'service-cluster-ip-range'), ['fd00:96::/112']);
    assert.deepEqual(flag(controllers, 'cluster-cidr'), ['fd00:244::/48']);
    // With one family, kube-controller-manager knows the flag without a number only.
    assert.deepEqual(flag(controllers, 'node-cidr-mask-size'), ['60']);
    assert.deepEqual(flag(controllers, 'node-cidr-mask-size-ipv6'), []);
    // Where it may bind an IPv4 address only, nobody would reach it.
    assert.ok(!flag(apiServer, 'bind-address').includes('0.0.0.0'));
  });

  it('gives kubelet, kube-proxy and CoreDNS addresses of IPv6', () => {
    assert.deepEqual(flag(unit('w-1', 'kubelet'), 'node-ip'), ['fd00:10::21']);
    const kubelet = parseYaml(content('w-1', '/var/lib/kubelet/config.yaml')).value as { clusterDNS: unknown };
    assert.deepEqual(kubelet.clusterDNS, ['fd00:96::a']);
    const proxy = parseYaml(content('w-1', '/etc/kubernetes/kube-proxy.yaml')).value as { bindAddress: unknown; clusterCIDR: unknown };
    assert.deepEqual([proxy.bindAddress, proxy.clusterCIDR], ['::', 'fd00:244::/48']);
    const objects = content('cp-1', '/usr/local/libexec/kubekiln/bootstrap-objects.yaml');
    assert.match(objects, /clusterIP: '?fd00:96::a'?$/m);
    assert.doesNotMatch(objects, /ipFamilies:\n\s*- IPv4/);
  });

  it('runs flannel with IPv6 only, and room for its header', () => {
    const netConf = JSON.parse(content('w-1', '/etc/kube-flannel/net-conf.json'));
    assert.deepEqual(
      [netConf.EnableIPv4, netConf.EnableIPv6, netConf.Network, netConf.IPv6Network],
      [false, true, undefined, 'fd00:244::/48'],
    );
    const flanneld = unit('w-1', 'flanneld');
    assert.deepEqual(
      [flag(flanneld, 'iface'), flag(flanneld, 'public-ip'), flag(flanneld, 'public-ipv6')],
      [['fd00:10::21'], [], ['fd00:10::21']],
    );
    assert.match(flanneld, /kubekiln-cni-config 20$/m);
    const ranges = JSON.parse(content('w-1', '/usr/local/libexec/kubekiln/cni.conflist')).plugins[0].ipam.ranges;
    assert.deepEqual(ranges, [[{ subnet: '@IPV6@' }]]);
  });

  it('lets workers dial, nodes route, and a firewall pass what they need', () => {
    assert.match(content('w-1', '/etc/kubernetes/haproxy.cfg'), /server cp-2 \[fd00:10::12\]:6443/);
    assert.match(content('w-1', '/etc/sysctl.d/90-kubekiln.conf'), /^net\.ipv6\.conf\.all\.forwarding = 1$/m);
    assert.match(content('w-1', '/usr/local/libexec/kubekiln/kubekiln-host'), /pods='fd00:244::\/48'/);
    assert.match(content('cp-2', '/etc/chrony/conf.d/kubekiln.conf'), /^server fd00:10::11 iburst$/m);
  });
});
