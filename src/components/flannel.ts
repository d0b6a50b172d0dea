// flannel: the pod network, as a unit with the Kubernetes subnet manager: each node's pod subnet is the one in its Node object.
// https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md
import type { Component, Contribution, PlanContext, PlannedFile } from '../plan/node-plan.ts';
import type { Cluster, Node, PodNetwork } from '../spec/cluster.ts';
import { agentKubeconfig } from './component-kubeconfig.ts';
import { CNI_PLUGIN_DIRECTORY } from './containerd.ts';
import { libraryProgram } from './library.ts';
import { LIBRARY_DIRECTORY } from './locations.ts';
import { IPTABLES, NETWORK_AGENT_SETTINGS, packetFilter } from './network-agent.ts';
import { planNodeDaemon } from './node-daemon.ts';
import { authorityFile, clientRequest, leafFiles } from './pki-files.ts';
import { cniPlugin, flannelProgram } from './programs.ts';
import { clusterRoleWithBinding } from './rbac.ts';

/** Releases that the table of binaries serves, and that the boot tests run. */
export const FLANNEL_VERSION = 'v0.28.10';
export const CNI_PLUGINS_VERSION = 'v1.9.1';

type Flannel = Extract<PodNetwork, { type: 'flannel' }>;

const USER = 'flannel';
const UNIT = 'flanneld.service';
const CNI_PROGRAM = 'kubekiln-cni-config';
const NET_CONF = '/etc/kube-flannel/net-conf.json';
const CNI_PLUGINS = ['bridge', 'host-local', 'loopback', 'portmap'] as const;
/** What flannel takes off for a tunnel over IPv4; it forgets that the header of IPv6 is 20 bytes longer. */
const TUNNEL_BYTES = 50;
const IPV6_MORE_BYTES = 20;

const clientOf = (node: Node) => clientRequest(`${node.name}/flannel`, 'kubernetes', USER);

const familyOf = (address: string) => (address.includes(':') ? 6 : 4);

function podSubnet({ networking }: Cluster, family: 4 | 6): string | undefined {
  return networking.podSubnets.find(subnet => subnet.family === family)?.cidr;
}

function netConf(cluster: Cluster, { backend, mtu }: Flannel): object {
  const [ipv4, ipv6] = [podSubnet(cluster, 4), podSubnet(cluster, 6)];
  return {
    ...(ipv4 === undefined ? { EnableIPv4: false } : { Network: ipv4 }),
    ...(ipv6 !== undefined && { EnableIPv6: true, IPv6Network: ipv6 }),
    // Rules of one kind on a node: those of kube-proxy.
    EnableNFTables: cluster.kubeProxyConfiguration.mode !== 'iptables',
    Backend: { Type: backend, ...(backend === 'vxlan' && mtu !== undefined && { MTU: mtu + TUNNEL_BYTES }) },
  };
}

/**
 * The CNI configuration before flanneld has a lease; kubekiln-cni-config fills in what stands between @. flanneld masquerades: the bridge does not.
 * https://www.cni.dev/plugins/current/main/bridge/, https://www.cni.dev/plugins/current/ipam/host-local/
 */
function cniConfiguration(cluster: Cluster, { mtu }: Flannel): object {
  const range = (mark: string, family: 4 | 6) => (podSubnet(cluster, family) === undefined ? [] : [[{ subnet: mark }]]);
  return {
    cniVersion: '1.0.0',
    name: 'cbr0',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        mtu: mtu ?? '@MTU@',
        isDefaultGateway: true,
        hairpinMode: true,
        // Leases end with the pods that have them, at a reboot too: what a power cut leaves on a disk would use up the subnet.
        ipam: { type: 'host-local', dataDir: '/run/cni/leases', ranges: [...range('@IPV4@', 4), ...range('@IPV6@', 6)] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function flags(context: PlanContext, kubeconfig: string): readonly (readonly [string, string])[] {
  const { cluster, node } = context;
  const own = (family: 4 | 6) =>
    podSubnet(cluster, family) === undefined ? undefined : node.addresses.find(address => familyOf(address) === family);
  const [ipv4, ipv6] = [own(4), own(6)];
  return [
    ['kube-subnet-mgr', 'true'],
    ['kubeconfig-file', kubeconfig],
    ['net-config-path', NET_CONF],
    ['ip-masq', 'true'],
    ['iface', ipv4 ?? ipv6 ?? node.address],
    ...(ipv4 === undefined ? [] : [['public-ip', ipv4] as const]),
    ...(ipv6 === undefined ? [] : [['public-ipv6', ipv6] as const]),
  ];
}

function cniFiles(cluster: Cluster, network: Flannel): readonly PlannedFile[] {
  return [
    libraryProgram(CNI_PROGRAM, [UNIT]),
    {
      path: `${LIBRARY_DIRECTORY}/cni.conflist`,
      mode: 0o644,
      owner: 'root',
      content: `${JSON.stringify(cniConfiguration(cluster, network))}\n`,
      part: 'runtime',
      secret: false,
      restarts: [UNIT],
    },
  ];
}

/** As upstream's manifest, without the pod that a unit has none of. */
const ACCESS = clusterRoleWithBinding('flannel', { kind: 'User', name: USER }, [
  { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
]);

export const flannel: Component = {
  name: 'flanneld',
  runsOn: (_, cluster) => cluster.podNetwork.type === 'flannel',
  certificates: node => [clientOf(node)],
  objects: cluster => (cluster.podNetwork.type === 'flannel' ? ACCESS : []),
  plan(context): Contribution {
    const { cluster, node } = context;
    const network = cluster.podNetwork;
    if (network.type !== 'flannel') return {};
    const binary = `${cluster.paths.binaries}/flanneld`;
    const kubeconfig = agentKubeconfig(context, 'flannel', clientOf(node));
    const less = network.backend === 'vxlan' && podSubnet(cluster, 6) !== undefined ? IPV6_MORE_BYTES : 0;
    const planned = planNodeDaemon({
      name: 'flanneld',
      description: 'Pod network',
      binary,
      type: 'notify',
      after: ['kubelet.service'],
      environment: [{ name: 'NODE_NAME', value: node.name }],
      flags: flags(context, kubeconfig.path),
      files: [
        { path: NET_CONF, content: `${JSON.stringify(netConf(cluster, network))}\n`, part: 'runtime' },
        kubeconfig,
        authorityFile(context, 'kubernetes'),
        ...leafFiles(context, clientOf(node)),
      ],
      startPost: [`+${LIBRARY_DIRECTORY}/${CNI_PROGRAM} ${less}`],
      // It is ready when the node has its subnet, and that may take until the first control-plane node boots.
      startTimeout: 'infinity',
      restartSeconds: 1,
      unitSettings: ['RuntimeDirectory=flannel', 'RuntimeDirectoryPreserve=yes', ...NETWORK_AGENT_SETTINGS],
    });
    return {
      ...planned,
      files: [...planned.files, ...cniFiles(cluster, network)],
      binaries: [
        {
          path: binary,
          description: `flanneld ${FLANNEL_VERSION}`,
          download: flannelProgram(context.node, FLANNEL_VERSION),
          restarts: [UNIT],
        },
        packetFilter(cluster.kubeProxyConfiguration),
        // In the mode nftables too: it removes the rules of the other mode at start, and ends where it finds no iptables.
        IPTABLES,
        ...CNI_PLUGINS.map(name => ({
          path: `${CNI_PLUGIN_DIRECTORY}/${name}`,
          description: `${name} ${CNI_PLUGINS_VERSION}`,
          download: cniPlugin(context.node, CNI_PLUGINS_VERSION, name),
        })),
      ],
    };
  },
};
