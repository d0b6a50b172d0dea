// The operating system under a node: kernel settings and modules that Kubernetes needs, limits that keep a disk from filling up, time servers.
import type { Component, Contribution, PlanContext, PlannedFile } from '../plan/node-plan.ts';
import type { Cluster } from '../spec/cluster.ts';

const SYSCTL_FILE = '/etc/sysctl.d/90-kubekiln.conf';

/** A reason per line; an operator's `node.sysctl` wins. */
const SYSCTL: Readonly<Record<string, string>> = {
  // Pods are other machines: the node routes between them.
  'net.ipv4.ip_forward': '1',
  // Bridged traffic between pods of one node passes the rules of Services.
  'net.bridge.bridge-nf-call-iptables': '1',
  // What kubelet would set itself (pkg/kubelet/cm): with protectKernelDefaults it only checks.
  'vm.overcommit_memory': '1',
  'kernel.panic': '10',
  'kernel.panic_on_oops': '1',
  // Log collectors and controllers in many pods share one user's watches.
  'fs.inotify.max_user_instances': '8192',
  'fs.inotify.max_user_watches': '524288',
};

const SYSCTL_IPV6: Readonly<Record<string, string>> = {
  'net.ipv6.conf.all.forwarding': '1',
  'net.bridge.bridge-nf-call-ip6tables': '1',
  // Forwarding switches router advertisements off; machines that have their default route from them keep it.
  'net.ipv6.conf.all.accept_ra': '2',
  'net.ipv6.conf.default.accept_ra': '2',
};

const MODULES = ['br_netfilter', 'nf_conntrack'];

const JOURNAL = '[Journal]\nSystemMaxUse=1G\nSystemKeepFree=1G\nMaxRetentionSec=1month\n';
// NetworkManager would take addresses away from interfaces that the pod network makes.
const NETWORK_MANAGER = '[keyfile]\nunmanaged-devices=interface-name:cni*;interface-name:flannel*;interface-name:veth*\n';

function hasIpv6({ networking }: Cluster): boolean {
  return networking.podSubnets.some(subnet => subnet.family === 6);
}

function files({ cluster }: PlanContext): readonly PlannedFile[] {
  const file = (path: string, content: string): PlannedFile => ({
    path,
    mode: 0o644,
    owner: 'root',
    content,
    part: 'runtime',
    secret: false,
    restarts: [],
  });
  const { sysctl, timeServers } = cluster.node;
  const settings = { ...SYSCTL, ...(hasIpv6(cluster) ? SYSCTL_IPV6 : {}), ...sysctl };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  return [
    file(SYSCTL_FILE, lines.join('')),
    file(
      '/etc/modules-load.d/kubekiln.conf',
      modules(cluster)
        .map(name => `${name}\n`)
        .join(''),
    ),
    file('/etc/systemd/journald.conf.d/kubekiln.conf', JOURNAL),
    file('/etc/NetworkManager/conf.d/kubekiln.conf', NETWORK_MANAGER),
    ...(timeServers.length === 0 ? [] : [file('/etc/systemd/timesyncd.conf.d/kubekiln.conf', `[Time]\nNTP=${timeServers.join(' ')}\n`)]),
  ];
}

function modules(cluster: Cluster): readonly string[] {
  return [...MODULES, ...cluster.node.modules];
}

export const host: Component = {
  name: 'host',
  runsOn: () => true,
  plan(context): Contribution {
    return { files: files(context), modules: modules(context.cluster) };
  },
};
