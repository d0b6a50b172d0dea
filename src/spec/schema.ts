// cluster.yaml, as a zod schema: the one source of its types, defaults, JSON Schema, `explain` and docs/cluster.md. Words are kubeadm v1beta4's and
// upstream's wherever they have one: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
import * as z from 'zod';
import { choice, integer, list, mapping, port, text, upstream } from './field.ts';
import { addons } from './schema-addons.ts';
import { apiServer, component, etcd } from './schema-components.ts';
import { binaries, bundle, downloads, runtime } from './schema-downloads.ts';
import { encryptionConfiguration } from './schema-encryption.ts';
import { dns, kubeProxyConfiguration, metadataService, podNetwork, proxy } from './schema-network.ts';
import { hostSettings, node, PLATFORMS, users } from './schema-nodes.ts';
import { containerd, proxyEnvironment, registries } from './schema-runtime.ts';

export const API_VERSION = 'kubekiln/v1alpha1';
export const KIND = 'Cluster';
export const DEFAULT_IMAGE_REPOSITORY = 'registry.k8s.io';
export const KEY_ALGORITHMS = ['ECDSA-P256', 'ECDSA-P384', 'RSA-2048', 'RSA-3072', 'RSA-4096'] as const;

const networking = mapping('Subnets and names inside the cluster.', {
  serviceSubnet: text(
    'subnets',
    'Addresses of Services; two, separated by a comma, for dual stack (the first family is the primary one).',
    { examples: ['10.96.0.0/16', '10.96.0.0/16,fd00:96::/112'] },
  ).default('10.96.0.0/16'),
  podSubnet: text('subnets', 'Addresses of pods; the same families in the same order as serviceSubnet.', {
    examples: ['10.244.0.0/16', '10.244.0.0/16,fd00:244::/56'],
  }).default('10.244.0.0/16'),
  nodeCIDRMaskSizeIPv4: integer("Prefix of a node's part of an IPv4 podSubnet: 24 is room for 254 pods.", 8, 28).default(24),
  nodeCIDRMaskSizeIPv6: integer("Prefix of a node's part of an IPv6 podSubnet.", 16, 124).default(64),
  dnsDomain: text('domain-name', 'Domain of Services. It is part of the service-account issuer: it cannot change later.').default(
    'cluster.local',
  ),
  nodePortRange: text('port-range', 'Ports of NodePort Services (kube-apiserver --service-node-port-range).').default('30000-32767'),
});

const loadBalancer = mapping('How workers reach the API servers.', {
  type: choice(
    ['localProxy', 'external'],
    'localProxy: a proxy on each worker, which knows every API server. external: your load balancer, named by controlPlaneEndpoint.',
  ).default('localProxy'),
  bindPort: port('Port of the local proxy, on 127.0.0.1 of a worker.').default(8443),
});

const subject = mapping("Fields of every certificate's subject, beside its own CN and O.", {
  C: text('country-code', 'Country.').optional(),
  ST: text('subject-value', 'State or province.', { examples: ['Bayern'] }).optional(),
  L: text('subject-value', 'Locality.', { examples: ['Augsburg'] }).optional(),
  O: text('organisation', 'Organisation; left out of client certificates, in which Kubernetes reads O as a group.').optional(),
  OU: text('subject-value', 'Organisational unit.', { examples: ['Platform'] }).optional(),
});

const paths = mapping('Directories on a node.', {
  binaries: text(
    'path',
    'Where the image holds kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, etcd, etcdctl and etcdutl.',
    {
      examples: ['/opt/k8s/bin'],
    },
  ).default('/usr/local/bin'),
  configuration: text('path', 'Kubeconfigs, audit policy, encryption-config.').default('/etc/kubernetes'),
  pki: text('path', "Certificates and keys, under kubeadm's file names.").default('/etc/kubernetes/pki'),
  logs: text('path', 'One directory per component is made below it.').default('/var/log/kubernetes'),
});

const clusterSpec = mapping('What the cluster is.', {
  kubernetesVersion: text('version', 'Release of the control plane. Supported minors: 1.33 to 1.37; any patch.'),
  controlPlaneEndpoint: text(
    'endpoint',
    'What operators dial, and workers with loadBalancer.type external: host:port. It becomes a SAN of every API server.',
  ).optional(),
  loadBalancer: loadBalancer.prefault({}),
  platform: choice(PLATFORMS, 'Where the nodes run: its user-data limit counts, and decides how a node is handed over.').default('nocloud'),
  encryptionAlgorithm: choice(KEY_ALGORITHMS, 'Kind of every private key.').default('ECDSA-P256'),
  certificateValidityPeriod: text('duration', 'Lifetime of leaf certificates.').default('8760h'),
  caCertificateValidityPeriod: text('duration', 'Lifetime of the certificate authorities.', { examples: ['87600h'] }).default('87600h'),
  notBeforeSkew: text('duration', "How far a certificate's notBefore lies in the past, for nodes whose clock is behind at first boot.", {
    examples: ['24h'],
  }).default('24h'),
  subject: subject.prefault({}),
  networking: networking.prefault({}),
  apiServer: apiServer.prefault({}),
  controllerManager: component('kube-controller-manager').prefault({}),
  scheduler: component('kube-scheduler').prefault({}),
  etcd: etcd.prefault({}),
  encryptionConfiguration: encryptionConfiguration.optional(),
  runtime: runtime.prefault({}),
  binaries: binaries.prefault({}),
  imageRepository: text('image-repository', 'Where the images of Kubernetes itself are fetched.').default(DEFAULT_IMAGE_REPOSITORY),
  kubeletConfiguration: upstream(
    "KubeletConfiguration of all nodes, in upstream's shape: keys that kubekiln does not set, or other values for those that it does.",
  ).optional(),
  podNetwork: podNetwork.prefault({}),
  proxy: proxy.prefault({}),
  kubeProxyConfiguration: kubeProxyConfiguration.optional(),
  metadataService: metadataService.prefault({}),
  dns: dns.prefault({}),
  containerd: containerd.prefault({}),
  registries: registries.prefault({}),
  proxyEnvironment: proxyEnvironment.prefault({}),
  bundle: bundle.prefault({}),
  downloads: downloads.prefault({}),
  addons,
  paths: paths.prefault({}),
  users: users.prefault({}),
  bootstrapWindow: text(
    'duration',
    "How long after the secrets file's birth a blank etcd may found the cluster. Boot all nodes within it.",
    { examples: ['720h'] },
  ).default('720h'),
  bootstrapPatience: text(
    'duration-or-never',
    'How long a blank founding member of etcd waits for the others before a blank majority starts; never: until all are there.',
  ).default('15m'),
  addressWait: text('duration', 'How long a node waits at first boot for its own address to appear (DHCP).', { examples: ['5m'] }).default(
    '5m',
  ),
  clockWait: text('duration', 'How long a node whose clock is behind waits for time synchronisation.', { examples: ['2m'] }).default('2m'),
  node: hostSettings.prefault({}),
  nodes: list(node, 'The machines. A founding control-plane node is a founding member of etcd.'),
});

export const clusterSchema = mapping('A Kubernetes cluster whose nodes configure themselves at first boot.', {
  apiVersion: z.literal(API_VERSION).meta({ description: 'Version of this format.' }),
  kind: z.literal(KIND).meta({ description: 'Always Cluster.' }),
  metadata: mapping('What the cluster is called.', {
    name: text('cluster-name', 'Name of the cluster: directory in out/, part of the CA names; it cannot change later.'),
  }),
  spec: clusterSpec,
});

/** cluster.yaml after defaults, before resolution. */
export type ClusterDocument = z.output<typeof clusterSchema>;
