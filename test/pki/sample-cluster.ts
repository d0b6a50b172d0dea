// A small resolved cluster and the requests of its nodes, for tests that make real keys.
import type { CertificateRequest } from '../../src/pki/request.ts';
import type { Cluster, Node } from '../../src/spec/cluster.ts';

export const NOW = 1_795_000_000; // 2026-11-18
export const DAY = 86_400;
export const YEAR = 365 * DAY;

export function sampleNode(name: string, address: string, role: Node['role'] = 'control-plane'): Node {
  const registration = { labels: {}, sysctl: {}, taints: [], kubeletExtraArgs: [], kubeletConfiguration: {} };
  return { name, role, address, addresses: [address], certSANs: [], platform: 'nocloud', architecture: 'amd64', ...registration };
}

export function sampleCluster(overrides: Partial<Cluster> = {}): Cluster {
  const settings = { extraArgs: [], extraEnvs: [] };
  const user = (name: string, uid: number) => ({ name, uid });
  return {
    name: 'prod',
    version: { text: 'v1.37.1', minor: 37, patch: 1 },
    loadBalancer: { type: 'localProxy', bindPort: 8443 },
    encryptionAlgorithm: 'ECDSA-P256',
    certificateValidity: YEAR,
    caCertificateValidity: 10 * YEAR,
    notBeforeSkew: DAY,
    bootstrapWindow: 30 * DAY,
    subject: {},
    networking: {
      serviceSubnets: [{ cidr: '10.96.0.0/16', family: 4, prefix: 16 }],
      podSubnets: [{ cidr: '10.244.0.0/16', family: 4, prefix: 16 }],
      nodeMaskSizes: { 4: 24, 6: 64 },
      dnsDomain: 'cluster.local',
      kubernetesServiceIPs: ['10.96.0.1'],
      dnsServiceIPs: ['10.96.0.10'],
      nodePortRange: '30000-32767',
    },
    apiServer: {
      ...settings,
      bindPort: 6443,
      shutdownDelay: 5,
      certSANs: [],
      auditPolicy: {},
      admission: { enabled: [], disabled: [], plugins: {} },
      extraFiles: [],
    },
    controllerManager: settings,
    scheduler: settings,
    etcd: { ...settings, dataDir: '/var/lib/etcd', serverCertSANs: [], peerCertSANs: [] },
    encryption: [{ resources: ['secrets'], providers: [{ type: 'secretbox', keys: ['key1'] }, { type: 'identity' }] }],
    paths: { binaries: '/usr/local/bin', configuration: '/etc/kubernetes', pki: '/etc/kubernetes/pki', logs: '/var/log/kubernetes' },
    users: {
      etcd: user('etcd', 900),
      'kube-apiserver': user('kube-apiserver', 901),
      'kube-controller-manager': user('kube-controller-manager', 902),
      'kube-scheduler': user('kube-scheduler', 903),
      'local-proxy': user('local-proxy', 904),
    },
    bundle: { directory: '/usr/local/share/kubekiln' },
    podNetwork: { type: 'flannel', backend: 'vxlan' },
    proxy: { disabled: false },
    kubeProxyConfiguration: {},
    metadataService: { podAccess: 'auto', addresses: [] },
    dns: { disabled: false, imageRepository: 'registry.k8s.io/coredns', imageTag: 'v1.14.6', replicas: 2, upstreamNameservers: [] },
    imageRepository: 'registry.k8s.io',
    containerd: { sandboxImage: 'registry.k8s.io/pause:3.10.2', configurationVersion: 3 },
    registries: [],
    addons: [],
    proxyEnvironment: { noProxy: [] },
    runtime: { source: 'inline', urls: [] },
    binaries: { source: 'image', urls: [] },
    downloads: {},
    timings: { addressWait: 300, clockWait: 120, bootstrapPatience: 900 },
    node: { timeServers: [], sysctl: {}, modules: [], swap: 'disable', firewall: 'open', userDataParts: [] },
    nodes: [sampleNode('cp-1', '10.0.1.11'), sampleNode('cp-2', '10.0.1.12'), sampleNode('cp-3', '10.0.1.13')],
    ...overrides,
  };
}

/** What a control-plane node asks for: a server, a client of each authority, and a peer. */
export function sampleRequests(cluster: Cluster): CertificateRequest[] {
  const node = ({ name, address }: Node): CertificateRequest[] => [
    {
      ...clientRequest(`${name}/apiserver`, 'kube-apiserver'),
      usages: ['serverAuth'],
      dnsNames: [name, 'kubernetes.default.svc.cluster.local', 'api.example.com'],
      ipAddresses: ['10.96.0.1', address, '127.0.0.1', '::1', 'fd00::1:0:0:17'],
    },
    { ...clientRequest(`${name}/kubelet`, `system:node:${name}`), organizations: ['system:nodes'] },
    { ...clientRequest(`${name}/front-proxy-client`, 'front-proxy-client'), authority: 'front-proxy' },
    {
      ...clientRequest(`${name}/etcd/peer`, name),
      authority: 'etcd',
      usages: ['serverAuth', 'clientAuth'],
      dnsNames: [name],
      ipAddresses: [address],
    },
  ];
  return [
    ...cluster.nodes.flatMap(node),
    { ...clientRequest('operator/admin', 'kubernetes-admin'), organizations: ['kubeadm:cluster-admins'] },
  ];
}

export function clientRequest(name: string, commonName: string): CertificateRequest {
  return { name, authority: 'kubernetes', commonName, organizations: [], usages: ['clientAuth'], dnsNames: [], ipAddresses: [] };
}
