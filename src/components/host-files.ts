// Settings of the operating system as files: kernel, modules, journal, network managers, time. Each has its reason beside it.
import { type Cluster, controlPlaneNodes, type Node } from '../spec/cluster.ts';
import { NODE_ENV_FILE } from './locations.ts';

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
  // Threads and processes of many pods together; the kernel's own limit on a small machine is 32768.
  'kernel.pid_max': '4194304',
  // Log collectors and controllers in many pods share one user's watches. As many as the kernel gives a large machine by itself.
  'fs.inotify.max_user_instances': '8192',
  'fs.inotify.max_user_watches': '1048576',
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
// systemd-networkd deletes routes that it did not make when it starts again: flannel's, where there is no tunnel.
const NETWORKD = '[Network]\nManageForeignRoutes=no\n';
// Whatever wants a swap unit (fstab, a partition's type, zram): on a node of ours its condition fails.
const NO_SWAP = `[Unit]\nConditionPathExists=!${NODE_ENV_FILE}\n`;

interface HostFile {
  readonly path: string;
  readonly content: string;
}

function settings(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

export function kernelModules(cluster: Cluster): readonly string[] {
  return [...MODULES, ...cluster.node.modules];
}

/** The same on every node. */
export function sharedFiles(cluster: Cluster): readonly HostFile[] {
  const { networking, podNetwork, node } = cluster;
  const ipv6 = networking.podSubnets.some(subnet => subnet.family === 6);
  const servers = node.timeServers;
  return [
    { path: '/etc/sysctl.d/90-kubekiln.conf', content: settings({ ...SYSCTL, ...(ipv6 ? SYSCTL_IPV6 : {}), ...node.sysctl }) },
    {
      path: '/etc/modules-load.d/kubekiln.conf',
      content: kernelModules(cluster)
        .map(name => `${name}\n`)
        .join(''),
    },
    { path: '/etc/systemd/journald.conf.d/kubekiln.conf', content: JOURNAL },
    { path: '/etc/NetworkManager/conf.d/kubekiln.conf', content: NETWORK_MANAGER },
    ...(podNetwork.type === 'flannel' && podNetwork.backend === 'host-gw'
      ? [{ path: '/etc/systemd/networkd.conf.d/kubekiln.conf', content: NETWORKD }]
      : []),
    ...(node.swap === 'disable' ? [{ path: '/etc/systemd/system/swap.d/kubekiln.conf', content: NO_SWAP }] : []),
    ...(servers.length === 0
      ? []
      : [
          { path: '/etc/systemd/timesyncd.conf.d/kubekiln.conf', content: `[Time]\nNTP=${servers.join(' ')}\n` },
          { path: CHRONY_FILE, content: chronySources(servers) },
        ]),
  ];
}

/** What differs from node to node. */
export function ownFiles(cluster: Cluster, node: Node): readonly HostFile[] {
  const alone = cluster.node.timeServers.length === 0 && node.role === 'control-plane';
  return [
    ...(Object.keys(node.sysctl).length === 0 ? [] : [{ path: '/etc/sysctl.d/91-kubekiln-node.conf', content: settings(node.sysctl) }]),
    ...(alone ? [{ path: CHRONY_FILE, content: withoutTimeServers(cluster, node) }] : []),
  ];
}

const CHRONY_FILE = '/etc/chrony/conf.d/kubekiln.conf';

function chronySources(servers: readonly string[]): string {
  return servers.map(server => `server ${server} iburst\n`).join('');
}

/**
 * Control-plane nodes without time servers agree with each other: each serves the time, its own where nothing better answers. In the orphan mode each
 * must ask all the others, and never itself. https://chrony-project.org/doc/4.6/chrony.conf.html#local
 */
function withoutTimeServers(cluster: Cluster, node: Node): string {
  const others = controlPlaneNodes(cluster).filter(({ name }) => name !== node.name);
  return `${chronySources(others.map(({ address }) => address))}local stratum 10 orphan\nallow\n`;
}
