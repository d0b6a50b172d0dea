// The resolved cluster: what every later stage reads. Fully defaulted and readonly; nobody defaults a value after it.
import type { ObjectName } from '../formats/kubernetes-object.ts';

export type Role = 'control-plane' | 'worker';
/** Key types by kubeadm v1beta4's names (`encryptionAlgorithm`). */
export type KeyAlgorithm = 'ECDSA-P256' | 'ECDSA-P384' | 'RSA-2048' | 'RSA-3072' | 'RSA-4096';
/** Daemons of the control plane. */
export type DaemonName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';
/** Daemons that run as a user of their own. */
export type UnprivilegedDaemon = DaemonName | 'local-proxy';

/** `v1.37.1` taken apart. */
export interface KubernetesVersion {
  readonly text: string;
  readonly minor: number;
  readonly patch: number;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A subnet in canonical form, e.g. `{cidr: '10.96.0.0/16', family: 4, prefix: 16}`. */
export interface Subnet {
  readonly cidr: string;
  readonly family: 4 | 6;
  readonly prefix: number;
}

/** kubeadm v1beta4's `{name, value}`: `name` without the leading dashes. The same name may appear more than once. */
export interface Arg {
  readonly name: string;
  readonly value: string;
}

/** A file that the operator hands to a component by a named key; read by the spec stage. */
export interface ExtraFile {
  /** Key in cluster.yaml, and file name on the node. */
  readonly name: string;
  /** Its path beside cluster.yaml. */
  readonly source: string;
  readonly content: string;
}

/** Subject fields that each certificate carries beside its own CN and O (RFC 5280, 4.1.2.4). */
export interface Subject {
  readonly C?: string;
  readonly ST?: string;
  readonly L?: string;
  readonly O?: string;
  readonly OU?: string;
}

export interface ComponentSettings {
  readonly extraArgs: readonly Arg[];
  readonly extraEnvs: readonly Arg[];
}

/** Admission plugins of kube-apiserver. */
export interface AdmissionSettings {
  /** Beside those that kube-apiserver enables itself (--enable-admission-plugins). */
  readonly enabled: readonly string[];
  /** --disable-admission-plugins */
  readonly disabled: readonly string[];
  /** AdmissionConfiguration, as an object; absent when no plugin needs any. */
  readonly configuration?: object;
  /** Plugins that kubekiln configures, as cluster.yaml says it; without those that the operator's own file configures. */
  readonly plugins: Readonly<Record<string, object>>;
  /** The operator's own AdmissionConfiguration, beside cluster.yaml. */
  readonly file?: string;
}

export interface ApiServerSettings extends ComponentSettings {
  readonly bindPort: number;
  /** seconds that it serves on, while /readyz says no, before an orderly stop (--shutdown-delay-duration) */
  readonly shutdownDelay: number;
  readonly certSANs: readonly string[];
  /** audit.k8s.io/v1 Policy, as an object. */
  readonly auditPolicy: object;
  readonly admission: AdmissionSettings;
  /** Files named in cluster.yaml (`authenticationConfigurationFile`, `tracingConfigFile`, …), keyed by the flag that gets the path. */
  readonly extraFiles: readonly (ExtraFile & { readonly flag: string })[];
}

/** When a timer of systemd fires. */
export interface Timer {
  /** OnCalendar=, systemd.time(7) */
  readonly schedule: string;
  /** seconds, at most */
  readonly randomizedDelay: number;
}

export interface EtcdSettings extends ComponentSettings {
  readonly dataDir: string;
  readonly serverCertSANs: readonly string[];
  readonly peerCertSANs: readonly string[];
  /** undefined: none are taken */
  readonly snapshots?: Timer & { readonly keep: number; readonly directory: string };
  /** undefined: never */
  readonly defragmentation?: Timer;
}

/** One provider of upstream's EncryptionConfiguration, without key material: keys are named, their values live in secrets.yaml. */
export type EncryptionProvider =
  | { readonly type: 'secretbox' | 'aescbc' | 'aesgcm'; readonly keys: readonly string[] }
  | { readonly type: 'kms'; readonly name: string; readonly endpoint: string; readonly timeout?: string }
  | { readonly type: 'identity' };

export interface EncryptionRule {
  readonly resources: readonly string[];
  readonly providers: readonly EncryptionProvider[];
}

/** Roots of what kubekiln puts on a node; all absolute and clean. */
export interface NodePaths {
  /** default /usr/local/bin */
  readonly binaries: string;
  /** default /etc/kubernetes: kubeconfigs, audit policy, encryption-config */
  readonly configuration: string;
  /** default /etc/kubernetes/pki */
  readonly pki: string;
  /** default /var/log/kubernetes: one directory per component below it */
  readonly logs: string;
}

export interface DaemonUser {
  readonly name: string;
  readonly uid: number;
}

/** How long a node waits at first boot, in seconds; `Infinity` where cluster.yaml says `never`. */
export interface BootTimings {
  /** for the node's own address to appear on an interface; default 300 */
  readonly addressWait: number;
  /** for time synchronisation when the clock is before the payload's notBefore; default 120 */
  readonly clockWait: number;
  /** for founding members of etcd that do not answer before a blank majority starts; default 900, Infinity = never */
  readonly bootstrapPatience: number;
}

/** `inline`: in user-data. `image`: in the machine image. `mirror`: downloaded at first boot. */
export type RuntimeSource = 'inline' | 'image' | 'mirror' | 'bundle';
export type BinarySource = 'image' | 'mirror' | 'bundle';
/** As Go names them, and upstream's file names. */
export type Architecture = 'amd64' | 'arm64';

/** A part of user-data that the operator adds to that of every node. */
export interface UserDataPart {
  readonly type: UserDataPartType;
  /** Its file, beside cluster.yaml. */
  readonly source: string;
  readonly content: string;
}

/** Content types of cloud-init, without `text/`. */
export type UserDataPartType = 'cloud-config' | 'x-shellscript' | 'cloud-boothook' | 'jinja2';

export interface Downloads {
  /** What mirrors are checked by, instead of the system's authorities. */
  readonly certificateAuthority?: ExtraFile;
}

export interface Node {
  readonly name: string;
  readonly role: Role;
  /** Primary address (canonical): advertised, and the identity that the node is checked by. */
  readonly address: string;
  /** All addresses, the primary first (a second one for dual stack). */
  readonly addresses: readonly string[];
  readonly certSANs: readonly string[];
  readonly platform: string;
  readonly architecture: Architecture;
  /** netplan v2 document (`version: 2`, …) as an object, or undefined: DHCP on the first interface. */
  readonly networkConfig?: object;
  readonly labels: Readonly<Record<string, string>>;
  /** Kernel settings of this node alone. */
  readonly sysctl: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly kubeletExtraArgs: readonly Arg[];
  /** KubeletConfiguration keys of cluster.yaml: those of all nodes, with this node's own in their place. */
  readonly kubeletConfiguration: Readonly<Record<string, unknown>>;
}

/** Where the images of one registry are fetched. */
export interface RegistryMirror {
  /** As image names have it; `_default` for all others. */
  readonly registry: string;
  /** URLs, tried in order before the registry itself. */
  readonly endpoints: readonly string[];
  /** Certificate authority of the mirrors. */
  readonly certificateAuthority?: ExtraFile;
}

/** A Kubernetes object of a manifest. */
export interface AddonObject extends ObjectName {
  /** Where it stands: `addons/ingress.yaml:12:1`. */
  readonly place: string;
}

/** A file of manifests that the operator adds to the cluster. */
export interface Addon {
  /** Its path beside cluster.yaml. */
  readonly source: string;
  /** The file or directory of cluster.yaml's list that brought it, and its place there. */
  readonly entry: string;
  readonly index: number;
  /** As it was written, lines ended by LF: kubectl reads what it reads in any other use of the file. */
  readonly content: string;
  readonly objects: readonly AddonObject[];
  /** Images that its pod specs name, in full: `docker.io/library/nginx:1.29`. */
  readonly images: readonly string[];
}

/** How pods of different nodes reach each other; `none`: the operator's own network. */
export type PodNetwork =
  | {
      readonly type: 'flannel';
      readonly backend: 'vxlan' | 'host-gw';
      /** MTU of pods in bytes; absent: what the interface of the node leaves. */
      readonly mtu?: number;
    }
  | { readonly type: 'none' };

/** CoreDNS. */
export interface DnsSettings {
  readonly disabled: boolean;
  /** `registry.k8s.io/coredns`: the image is below it. */
  readonly imageRepository: string;
  readonly imageTag: string;
  readonly replicas: number;
  /** Who is asked for names outside the cluster; empty: the resolvers of the node. */
  readonly upstreamNameservers: readonly string[];
}

/** Proxy for whatever a node fetches from outside. */
export interface ProxyEnvironment {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy: readonly string[];
}

export interface Cluster {
  readonly name: string;
  readonly version: KubernetesVersion;
  /** What operators (and, with `external`, workers) dial; undefined when none was given. */
  readonly controlPlaneEndpoint?: HostPort;
  readonly loadBalancer: { readonly type: 'external' | 'localProxy'; readonly bindPort: number };
  readonly encryptionAlgorithm: KeyAlgorithm;
  /** seconds */
  readonly certificateValidity: number;
  /** seconds */
  readonly caCertificateValidity: number;
  /** seconds that notBefore lies in the past; default 24 h */
  readonly notBeforeSkew: number;
  /** seconds after the secrets file's birth in which a blank etcd may found the cluster; default 30 days */
  readonly bootstrapWindow: number;
  readonly subject: Subject;
  readonly networking: {
    /** one, or two for dual stack (the first is the primary family) */
    readonly serviceSubnets: readonly Subnet[];
    readonly podSubnets: readonly Subnet[];
    /** prefix of a node's part of podSubnets, by their families */
    readonly nodeMaskSizes: { readonly 4: number; readonly 6: number };
    readonly dnsDomain: string;
    /** first address of each service subnet: the `kubernetes` Service */
    readonly kubernetesServiceIPs: readonly string[];
    /** tenth address of each service subnet: the cluster's DNS, as kubeadm has it */
    readonly dnsServiceIPs: readonly string[];
    readonly nodePortRange: string;
  };
  readonly apiServer: ApiServerSettings;
  readonly controllerManager: ComponentSettings;
  readonly scheduler: ComponentSettings;
  readonly etcd: EtcdSettings;
  readonly encryption: readonly EncryptionRule[];
  readonly paths: NodePaths;
  readonly users: Readonly<Record<UnprivilegedDaemon, DaemonUser>>;
  /** Registry, and path, of the images of Kubernetes itself. */
  readonly imageRepository: string;
  readonly containerd: {
    readonly sandboxImage: string;
    /** 2 is read by containerd 1.7 and 2, 3 by containerd 2 only. */
    readonly configurationVersion: 2 | 3;
  };
  readonly podNetwork: PodNetwork;
  /** kube-proxy */
  readonly proxy: { readonly disabled: boolean };
  /** KubeProxyConfiguration keys of cluster.yaml. */
  readonly kubeProxyConfiguration: Readonly<Record<string, unknown>>;
  /** Whether pods reach the metadata service of a cloud: see `blocksMetadata`. */
  readonly metadataService: { readonly podAccess: 'auto' | 'blocked' | 'allowed'; readonly addresses: readonly string[] };
  readonly dns: DnsSettings;
  readonly registries: readonly RegistryMirror[];
  /** In the order in which they are applied. */
  readonly addons: readonly Addon[];
  readonly proxyEnvironment: ProxyEnvironment;
  /** Where the runtime part comes from; mirrors in the order in which they are tried, without a slash at the end. */
  readonly runtime: { readonly source: RuntimeSource; readonly urls: readonly string[] };
  /** `image`: the programs are on the node already. `mirror`: downloaded at install. `bundle`: from an offline bundle, with all container images. */
  readonly binaries: { readonly source: BinarySource; readonly urls: readonly string[] };
  /** Where a node looks for bundles, beside the volumes with their label. */
  readonly bundle: { readonly directory: string };
  readonly downloads: Downloads;
  readonly timings: BootTimings;
  readonly node: {
    readonly timeServers: readonly string[];
    readonly sysctl: Readonly<Record<string, string>>;
    readonly modules: readonly string[];
    /** `disable`: none after the install. */
    readonly swap: 'disable' | 'keep';
    /** What happens to an active ufw or firewalld. */
    readonly firewall: 'open' | 'keep';
    /** In the order in which user-data brings them. */
    readonly userDataParts: readonly UserDataPart[];
  };
  /** In the order of cluster.yaml. */
  readonly nodes: readonly Node[];
}

/** The nodes that run the control plane, in the order of cluster.yaml. */
export function controlPlaneNodes(cluster: Cluster): readonly Node[] {
  return cluster.nodes.filter(node => node.role === 'control-plane');
}

/** Their user-data comes from a disk, or from the hypervisor: no address answers with it. */
const WITHOUT_METADATA_SERVICE: readonly string[] = ['kubevirt', 'nocloud', 'proxmox', 'vsphere', 'vsphere-cloudinitprep'];

/** Are pods of that node kept away from the metadata service? */
export function blocksMetadata({ metadataService: { podAccess, addresses } }: Cluster, node: Node): boolean {
  if (addresses.length === 0 || podAccess === 'allowed') return false;
  return podAccess === 'blocked' || !WITHOUT_METADATA_SERVICE.includes(node.platform);
}
