// Flags that an operator cannot change, because another part of the cluster relies on our value; and values that weaken it. A reason per line.
import { parseDuration } from './duration.ts';
import type { FlaggedProgram } from './kubernetes-releases.ts';

export interface ReservedFlag {
  readonly reason: string;
  /** The key of cluster.yaml that is meant for it. */
  readonly instead?: string;
  /** Only these values are refused; absent: every value. */
  readonly refuses?: (value: string) => boolean;
}

type Reserved = Readonly<Record<string, ReservedFlag>>;

const credential: ReservedFlag = { reason: 'keys and certificates come from secrets.yaml and reach the daemon by LoadCredential=' };
const frontProxy: ReservedFlag = { reason: "API servers trust each other's front proxy by the same names and CA" };
const ownEtcd: ReservedFlag = { reason: 'each API server talks to the etcd on its own node, over mutual TLS' };
const program: ReservedFlag = { reason: 'the daemon would print a text and end' };
const leader: ReservedFlag = { reason: 'several of them run, and one must lead', refuses: value => value !== 'true' };
const list = (value: string) => value.split(',').map(item => item.trim());

const delegation: Reserved = {
  kubeconfig: credential,
  'authentication-kubeconfig': credential,
  'authorization-kubeconfig': credential,
  'client-ca-file': credential,
  'tls-cert-file': credential,
  'tls-private-key-file': credential,
  'cert-dir': credential,
  master: { reason: 'it dials the API server of its own node' },
  'bind-address': { reason: 'its health and metrics are for the node itself (CIS 1.3.7, 1.4.2)' },
  'secure-port': { reason: 'first boot and `verify` look for it at its usual port' },
  'leader-elect': leader,
  'requestheader-client-ca-file': frontProxy,
  'requestheader-allowed-names': frontProxy,
  'requestheader-username-headers': frontProxy,
  'requestheader-group-headers': frontProxy,
  'requestheader-extra-headers-prefix': frontProxy,
  version: program,
  help: program,
};

const kubeApiserver: Reserved = {
  'etcd-servers': ownEtcd,
  'etcd-servers-overrides': ownEtcd,
  'etcd-cafile': ownEtcd,
  'etcd-certfile': ownEtcd,
  'etcd-keyfile': ownEtcd,
  'client-ca-file': credential,
  'tls-cert-file': credential,
  'tls-private-key-file': credential,
  'cert-dir': credential,
  'kubelet-certificate-authority': credential,
  'kubelet-client-certificate': credential,
  'kubelet-client-key': credential,
  'proxy-client-cert-file': credential,
  'proxy-client-key-file': credential,
  'requestheader-client-ca-file': frontProxy,
  'requestheader-allowed-names': frontProxy,
  'requestheader-username-headers': frontProxy,
  'requestheader-group-headers': frontProxy,
  'requestheader-extra-headers-prefix': frontProxy,
  'service-account-key-file': credential,
  'service-account-signing-key-file': credential,
  'service-account-issuer': { reason: 'every service-account token names it: it is fixed when the cluster is created' },
  'service-cluster-ip-range': {
    reason: 'certificates and kube-controller-manager need the same value',
    instead: 'networking.serviceSubnet',
  },
  'service-node-port-range': { reason: 'it is checked against the other ports', instead: 'networking.nodePortRange' },
  'secure-port': { reason: 'every client is told the port', instead: 'apiServer.bindPort' },
  'bind-address': { reason: 'the daemons of its node dial it on 127.0.0.1, the others on its address' },
  'advertise-address': { reason: 'it is the address of the node', instead: 'nodes[].address' },
  'authorization-mode': {
    reason: 'Node and RBAC must stand, and AlwaysAllow must not',
    refuses: value => !list(value).includes('Node') || !list(value).includes('RBAC') || list(value).includes('AlwaysAllow'),
  },
  'authorization-config': { reason: 'Node and RBAC must stand; a webhook can follow them by --authorization-mode' },
  'disable-admission-plugins': {
    reason: 'NodeRestriction keeps a node from changing others',
    refuses: value => list(value).includes('NodeRestriction'),
  },
  'encryption-provider-config': { reason: 'all API servers need the same keys', instead: 'encryptionConfiguration' },
  'encryption-provider-config-automatic-reload': { reason: 'credentials are copies made at start: a change means a restart' },
  'audit-policy-file': { reason: 'the policy travels with the node', instead: 'apiServer.auditPolicyFile' },
  'audit-log-path': { reason: 'the daemon may write to its own log directory only', instead: 'paths.logs' },
  'authentication-config': { reason: 'the file travels with the node', instead: 'apiServer.authenticationConfigurationFile' },
  'admission-control-config-file': { reason: 'the file travels with the node', instead: 'apiServer.admissionControlConfigFile' },
  'tracing-config-file': { reason: 'the file travels with the node', instead: 'apiServer.tracingConfigFile' },
  'egress-selector-config-file': { reason: 'the file travels with the node', instead: 'apiServer.egressSelectorConfigFile' },
  'storage-backend': { reason: 'it is etcd3', refuses: value => value !== 'etcd3' },
  version: program,
  help: program,
};

const signer: ReservedFlag = { reason: 'the cluster CA signs, or nobody when its key is kept offline' };

const kubeControllerManager: Reserved = {
  ...delegation,
  'cluster-signing-cert-file': signer,
  'cluster-signing-key-file': signer,
  'cluster-signing-kube-apiserver-client-cert-file': signer,
  'cluster-signing-kube-apiserver-client-key-file': signer,
  'cluster-signing-kubelet-client-cert-file': signer,
  'cluster-signing-kubelet-client-key-file': signer,
  'cluster-signing-kubelet-serving-cert-file': signer,
  'cluster-signing-kubelet-serving-key-file': signer,
  'cluster-signing-legacy-unknown-cert-file': signer,
  'cluster-signing-legacy-unknown-key-file': signer,
  'root-ca-file': credential,
  'service-account-private-key-file': credential,
  'service-cluster-ip-range': { reason: 'kube-apiserver needs the same value', instead: 'networking.serviceSubnet' },
  'cluster-cidr': { reason: 'the pod network needs the same value', instead: 'networking.podSubnet' },
  'cluster-name': { reason: 'it is the name of the cluster', instead: 'metadata.name' },
  'use-service-account-credentials': { reason: "RBAC is bound to the controllers' own accounts", refuses: value => value !== 'true' },
};

const kubeScheduler: Reserved = {
  ...delegation,
  config: { reason: 'a configuration file makes kube-scheduler ignore flags that kubekiln sets' },
  'write-config-to': program,
};

const founding: ReservedFlag = { reason: 'founding members and their guard must agree about it' };

const etcd: Reserved = {
  name: { reason: 'a member has the name of its node', instead: 'nodes[].name' },
  'data-dir': { reason: 'the guard looks there for a write-ahead log', instead: 'etcd.local.dataDir' },
  'wal-dir': { reason: 'the guard looks for the write-ahead log below the data directory' },
  'config-file': { reason: 'a configuration file makes etcd ignore every flag' },
  'initial-cluster': founding,
  'initial-cluster-state': founding,
  'initial-cluster-token': founding,
  'initial-advertise-peer-urls': founding,
  'force-new-cluster': { reason: 'it throws away what the other members know, at every start' },
  'unsafe-no-fsync': { reason: 'acknowledged writes would be lost' },
  'strict-reconfig-check': { reason: 'it keeps membership changes from losing the quorum', refuses: value => value !== 'true' },
  'listen-peer-urls': { reason: 'peers dial the address of the node, port 2380' },
  'listen-client-urls': { reason: 'kube-apiserver dials 127.0.0.1, port 2379' },
  'listen-client-http-urls': { reason: 'it takes health and metrics away from the port where first boot asks for them' },
  'advertise-client-urls': { reason: 'the guard tells by it whether a member ever ran' },
  'cert-file': credential,
  'key-file': credential,
  'trusted-ca-file': credential,
  'client-cert-file': credential,
  'client-key-file': credential,
  'peer-cert-file': credential,
  'peer-key-file': credential,
  'peer-trusted-ca-file': credential,
  'peer-client-cert-file': credential,
  'peer-client-key-file': credential,
  'client-cert-auth': { reason: 'whoever reaches etcd without a certificate owns the cluster', refuses: value => value !== 'true' },
  'peer-client-cert-auth': { reason: 'whoever reaches etcd without a certificate owns the cluster', refuses: value => value !== 'true' },
  'auto-tls': { reason: 'it replaces the certificates', refuses: value => value !== 'false' },
  'peer-auto-tls': { reason: 'it replaces the certificates', refuses: value => value !== 'false' },
  'peer-skip-client-san-verification': {
    reason: 'any certificate of the etcd CA would make a member',
    refuses: value => value !== 'false',
  },
  'experimental-peer-skip-client-san-verification': {
    reason: 'any certificate of the etcd CA would make a member',
    refuses: value => value !== 'false',
  },
  version: program,
};

const kubelet: Reserved = {
  config: { reason: 'the file is made from kubeletConfiguration', instead: 'kubeletConfiguration' },
  kubeconfig: credential,
  'bootstrap-kubeconfig': { reason: 'there is no join: the first client certificate is issued by the build' },
  'cert-dir': credential,
  'tls-cert-file': credential,
  'tls-private-key-file': credential,
  'client-ca-file': credential,
  'hostname-override': { reason: "the node's certificate has its name", instead: 'nodes[].name' },
  'node-ip': { reason: "the node's certificate has its addresses", instead: 'nodes[].address' },
  'node-labels': { reason: 'they are a property of the node', instead: 'nodes[].labels' },
  'register-with-taints': { reason: 'they are a property of the node', instead: 'nodes[].nodeRegistration.taints' },
  'register-node': { reason: 'a node registers itself', refuses: value => value !== 'true' },
  'container-runtime-endpoint': { reason: 'containerd listens where its unit says' },
  'cluster-dns': { reason: 'the DNS Service of the cluster has it', instead: 'networking.serviceSubnet' },
  'cluster-domain': { reason: 'the DNS Service of the cluster has it', instead: 'networking.dnsDomain' },
  'anonymous-auth': { reason: 'whoever reaches port 10250 could run a command in any pod', refuses: value => value !== 'false' },
  'authorization-mode': { reason: 'every request must be asked about at the API server', refuses: value => value !== 'Webhook' },
  version: program,
  help: program,
};

const discovery: ReservedFlag = { reason: 'the members are known before they meet: nothing is discovered' };

export function reservedFlag(daemon: FlaggedProgram, flag: string): ReservedFlag | undefined {
  if (daemon === 'etcd' && flag.startsWith('discovery')) return discovery;
  const table: Reserved = {
    'kube-apiserver': kubeApiserver,
    'kube-controller-manager': kubeControllerManager,
    'kube-scheduler': kubeScheduler,
    etcd,
    kubelet,
    'kube-proxy': {},
  }[daemon];
  return Object.hasOwn(table, flag) ? table[flag] : undefined;
}

/** Values that are allowed, but make the cluster weaker than kubekiln's own. */
export function weakeningReason(daemon: FlaggedProgram, flag: string, value: string): string | undefined {
  const weak = WEAKENING.find(entry => (entry.daemon === undefined || entry.daemon === daemon) && entry.flag === flag && entry.when(value));
  return weak?.reason;
}

/** Seconds: two days. */
const LONGEST_EVENTS = 2 * 86_400;

const WEAKENING: readonly {
  readonly daemon?: FlaggedProgram;
  readonly flag: string;
  readonly when: (value: string) => boolean;
  readonly reason: string;
}[] = [
  {
    daemon: 'kube-apiserver',
    flag: 'anonymous-auth',
    when: value => value !== 'false',
    reason: 'anyone who reaches the port may ask; apiServer.authenticationConfigurationFile can open single paths',
  },
  { daemon: 'kube-apiserver', flag: 'token-auth-file', when: () => true, reason: 'static tokens never expire (CIS 1.2.2)' },
  {
    daemon: 'kube-apiserver',
    flag: 'disable-admission-plugins',
    when: value => list(value).some(plugin => plugin === 'ServiceAccount' || plugin === 'NamespaceLifecycle'),
    reason: 'these plugins are part of what Kubernetes promises (CIS 1.2.12, 1.2.13)',
  },
  {
    daemon: 'kube-apiserver',
    flag: 'enable-admission-plugins',
    when: value => list(value).includes('AlwaysAdmit'),
    reason: 'AlwaysAdmit lets everything pass (CIS 1.2.10)',
  },
  {
    daemon: 'kube-apiserver',
    flag: 'service-account-lookup',
    when: value => value === 'false',
    reason: 'tokens of deleted accounts stay valid (CIS 1.2.21)',
  },
  {
    flag: 'profiling',
    when: value => value !== 'false',
    reason: 'it shows the inside of the daemon to whoever may ask (CIS 1.2.15, 1.3.2, 1.4.1)',
  },
  {
    daemon: 'etcd',
    flag: 'enable-pprof',
    when: value => value !== 'false',
    reason: 'it shows the inside of etcd to whoever has a client certificate',
  },
  {
    daemon: 'kube-apiserver',
    flag: 'runtime-config',
    when: value => list(value).some(item => /^api\/(all|alpha)(=(|1|t|T|true|TRUE|True))?$/.test(item)),
    reason: 'it serves alpha APIs, which may lose data at the next release',
  },
  {
    daemon: 'kube-apiserver',
    flag: 'event-ttl',
    when: value => (parseDuration(value) ?? 0) > LONGEST_EVENTS,
    reason: 'etcd holds every event for so long, and a busy cluster fills it',
  },
  { flag: 'tls-min-version', when: value => /1[01]$|1\.[01]$/.test(value), reason: 'TLS below 1.2 is broken' },
];
