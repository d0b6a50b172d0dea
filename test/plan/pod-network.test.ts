// The programs and objects of the network, beyond what the golden trees show.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { coreDns } from '../../src/components/coredns.ts';
import { LIBRARY_DIRECTORY } from '../../src/components/locations.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import type { Cluster } from '../../src/spec/cluster.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { parseFixture, smallCluster } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const DUAL_STACK = '  networking: {serviceSubnet: "10.96.0.0/16,fd00:96::/112", podSubnet: "10.244.0.0/16,fd00:244::/48"}\n';
const NODE = '{name: cp-1, role: control-plane, address: 192.168.10.11, addresses: ["fd00:10::11"]}';

function cluster(spec: string): Cluster {
  return parseFixture(
    `apiVersion: kubekiln/v1alpha1\nkind: Cluster\nmetadata: {name: dev}\nspec:\n  kubernetesVersion: v1.37.1\n${spec}  nodes:\n  - ${NODE}\n`,
  );
}

function planOf(resolved: Cluster): NodePlan {
  const [plan] = planCluster(resolved, requestCredentials(resolved, certificateRequests(resolved)));
  assert.ok(plan);
  return plan;
}

function content(plan: NodePlan, path: string): string {
  const file = plan.files.find(candidate => candidate.path === path);
  assert.ok(file, path);
  return file.content;
}

/** Runs kubekiln-cni-config of a plan below a directory, with the subnet.env that flanneld would have written. */
function runCniConfig(directory: string, plan: NodePlan, subnetEnv: string): string {
  const unit = content(plan, '/etc/systemd/system/flanneld.service');
  const bytes = /kubekiln-cni-config (\d+)$/m.exec(unit)?.[1];
  assert.ok(bytes, unit);
  mkdirSync(join(directory, 'run/flannel'), { recursive: true });
  mkdirSync(join(directory, LIBRARY_DIRECTORY), { recursive: true });
  writeFileSync(join(directory, 'run/flannel/subnet.env'), subnetEnv);
  writeFileSync(join(directory, LIBRARY_DIRECTORY, 'cni.conflist'), content(plan, `${LIBRARY_DIRECTORY}/cni.conflist`));
  const program = content(plan, `${LIBRARY_DIRECTORY}/kubekiln-cni-config`);
  const below = program.replace(/(\/run\/flannel|\/etc\/cni|\/usr\/local\/lib)/g, `${directory}$1`);
  execFileSync('sh', ['-c', below, 'kubekiln-cni-config', bytes]);
  return join(directory, 'etc/cni/net.d/10-flannel.conflist');
}

function bridge(file: string): { mtu: number; ipam: { ranges: readonly (readonly { subnet: string }[])[] } } {
  return JSON.parse(readFileSync(file, 'utf8')).plugins[0];
}

describe('kubekiln-cni-config', () => {
  const IPV4 = 'FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n';
  const IPV6 = 'FLANNEL_IPV6_NETWORK=fd00:244::/48\nFLANNEL_IPV6_SUBNET=fd00:244:0:3::1/64\n';

  it('takes subnet and MTU from the lease', context => {
    const file = runCniConfig(temporaryDirectory(context), planOf(smallCluster()), IPV4);
    const { mtu, ipam } = bridge(file);
    assert.deepEqual({ mtu, ranges: ipam.ranges }, { mtu: 1450, ranges: [[{ subnet: '10.244.3.0/24' }]] });
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('leaves room for the longer header of IPv6 in a tunnel', context => {
    const { mtu, ipam } = bridge(runCniConfig(temporaryDirectory(context), planOf(cluster(DUAL_STACK)), IPV4 + IPV6));
    assert.deepEqual(
      { mtu, ranges: ipam.ranges },
      { mtu: 1430, ranges: [[{ subnet: '10.244.3.0/24' }], [{ subnet: 'fd00:244:0:3::0/64' }]] },
    );
  });

  it('takes nothing off without a tunnel, and keeps the MTU of cluster.yaml', context => {
    const dual = bridge(
      runCniConfig(temporaryDirectory(context), planOf(cluster(`${DUAL_STACK}  podNetwork: {backend: host-gw}\n`)), IPV4 + IPV6),
    );
    assert.equal(dual.mtu, 1450);
    const given = bridge(runCniConfig(temporaryDirectory(context), planOf(cluster('  podNetwork: {mtu: 1380}\n')), IPV4));
    assert.equal(given.mtu, 1380);
  });

  it('finds a subnet that does not begin at a zero', context => {
    const small = IPV4.replace('10.244.3.1/24', '10.244.3.129/25');
    const { ipam } = bridge(runCniConfig(temporaryDirectory(context), planOf(smallCluster()), small));
    assert.deepEqual(ipam.ranges, [[{ subnet: '10.244.3.128/25' }]]);
  });

  it('replaces the file when the lease changes, and only then', context => {
    const directory = temporaryDirectory(context);
    const plan = planOf(smallCluster());
    const first = statSync(runCniConfig(directory, plan, IPV4)).ino;
    assert.equal(statSync(runCniConfig(directory, plan, IPV4)).ino, first);
    const changed = runCniConfig(directory, plan, IPV4.replaceAll('10.244.3', '10.244.7'));
    assert.notEqual(statSync(changed).ino, first);
    assert.deepEqual(bridge(changed).ipam.ranges, [[{ subnet: '10.244.7.0/24' }]]);
  });
});

describe('net-conf.json', () => {
  const netConf = (spec: string) => JSON.parse(content(planOf(cluster(spec)), '/etc/kube-flannel/net-conf.json'));

  it('gives flanneld the MTU of the network below the tunnel', () => {
    assert.deepEqual(netConf('  podNetwork: {mtu: 1400}\n').Backend, { Type: 'vxlan', MTU: 1450 });
    assert.deepEqual(netConf('  podNetwork: {mtu: 1400, backend: host-gw}\n').Backend, { Type: 'host-gw' });
  });

  it('has the families of podSubnet', () => {
    const { Network, EnableIPv6, IPv6Network } = netConf(DUAL_STACK);
    assert.deepEqual({ Network, EnableIPv6, IPv6Network }, { Network: '10.244.0.0/16', EnableIPv6: true, IPv6Network: 'fd00:244::/48' });
  });
});

describe('kube-controller-manager', () => {
  const masks = (spec: string) =>
    content(planOf(cluster(spec)), '/etc/systemd/system/kube-controller-manager.service').match(/--node-cidr-mask-size\S*/g) ?? [];

  it('is told node masks only where they are not its own, by the flag that its families know', () => {
    assert.deepEqual(masks(''), []);
    assert.deepEqual(masks('  networking: {nodeCIDRMaskSizeIPv4: 25}\n'), ['--node-cidr-mask-size=25']);
    assert.deepEqual(masks(DUAL_STACK.replace('}', ', nodeCIDRMaskSizeIPv6: 60}')), ['--node-cidr-mask-size-ipv6=60']);
  });
});

describe('CoreDNS', () => {
  const deployment = (spec: string, nodes: readonly string[]) => {
    const list = nodes.map((node, index) => `  - {name: n-${index}, ${node}, address: 10.0.1.1${index}}\n`).join('');
    const objects = coreDns.objects?.(
      parseFixture(
        `apiVersion: kubekiln/v1alpha1\nkind: Cluster\nmetadata: {name: dev}\nspec:\n  kubernetesVersion: v1.37.1\n${spec}  nodes:\n${list}`,
      ),
    );
    return JSON.stringify(objects);
  };
  const CONTROL_PLANE = 'role: control-plane';

  it('does not change with the number of workers', () => {
    assert.equal(deployment('', [CONTROL_PLANE]), deployment('', [CONTROL_PLANE, 'role: worker', 'role: worker']));
  });

  it('comes from the registry of Kubernetes, or from its copy, by the rule of kubeadm', () => {
    assert.match(deployment('', [CONTROL_PLANE]), /"image":"registry\.k8s\.io\/coredns\/coredns:v1\.14\.6"/);
    assert.match(
      deployment('  imageRepository: harbor.example.com/k8s\n', [CONTROL_PLANE]),
      /"image":"harbor\.example\.com\/k8s\/coredns:v1\.14\.6"/,
    );
  });
});
