import { boolean, choice, integer, list, mapping, text, upstream } from './field.ts';

/** Bytes of a pod's packet: what IPv6 needs at least (RFC 8200, 5), and what jumbo frames leave at most. */
export const MTU = { least: 1280, most: 65_485 };

export const podNetwork = mapping('How pods of different nodes reach each other.', {
  type: choice(
    ['flannel', 'none'],
    'flannel: flanneld on every node. none: your own, which you install when the API server answers; until then no node is Ready.',
  ).default('flannel'),
  backend: choice(
    ['vxlan', 'host-gw'],
    "flannel's backend. vxlan: a tunnel over UDP port 8472, through any network. host-gw: routes without a tunnel, between nodes of one layer-2 network only.",
  ).default('vxlan'),
  mtu: integer(
    'MTU of pods; default: that of the interface with the address of the node, less what the tunnel takes.',
    MTU.least,
    MTU.most,
  ).optional(),
});

export const proxy = mapping('kube-proxy, on every node.', {
  disabled: boolean('Leave it out, because the pod network does its work (kube-proxy replacement).').default(false),
});

export const kubeProxyConfiguration = upstream(
  "KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) of all nodes, in upstream's shape: keys that kubekiln does not set, or other values for those that it does. mode is nftables, or iptables.",
);

export const metadataService = mapping(
  "The cloud's metadata service, which answers with the user-data of a node: its keys. Rules of nftables on every node keep pods away from it, those with the host's network excepted.",
  {
    podAccess: choice(
      ['auto', 'blocked', 'allowed'],
      'auto: blocked on nodes of platforms that have such a service, which are all but nocloud, proxmox and vsphere.',
    ).default('auto'),
    addresses: list(
      text('address', 'An address.', { examples: ['169.254.169.254'] }),
      'Where it answers; default the addresses of all platforms that kubekiln knows. Names are still asked there (port 53).',
    ).optional(),
  },
);

export const dns = mapping('CoreDNS, the DNS of the cluster.', {
  disabled: boolean('Leave it out; kubelets still send pods to the tenth address of the service subnet.').default(false),
  imageRepository: text('image-repository', 'Where its image is fetched; default imageRepository, with /coredns behind registry.k8s.io.', {
    examples: ['harbor.example.com/coredns'],
  }).optional(),
  imageTag: text('image-tag', "Its release; default the one that the release's kubeadm names.").optional(),
  replicas: integer('How many of it run, on different nodes where there are any.', 1, 100).default(2),
  upstreamNameservers: list(
    text('address', 'An address.', { examples: ['10.0.0.53'] }),
    'Who is asked for names outside the cluster; default the resolvers of the node on which CoreDNS runs.',
  ).default([]),
});
