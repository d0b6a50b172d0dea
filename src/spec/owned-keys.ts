// Keys of the typed configuration files that an operator cannot change, because another part of the cluster relies on our value. A reason per line.

export interface OwnedKey {
  readonly reason: string;
  /** The key of cluster.yaml that is meant for it. */
  readonly instead?: string;
  /** Only these values are refused; absent: every value. */
  readonly refuses?: (value: unknown) => boolean;
}

type OwnedKeys = Readonly<Record<string, OwnedKey>>;

const certificate: OwnedKey = { reason: 'keys and certificates come from secrets.yaml' };
const dns: OwnedKey = { reason: 'the DNS Service of the cluster has it' };

const kubelet: OwnedKeys = {
  apiVersion: { reason: 'it is kubelet.config.k8s.io/v1beta1', refuses: value => value !== 'kubelet.config.k8s.io/v1beta1' },
  kind: { reason: 'it is KubeletConfiguration', refuses: value => value !== 'KubeletConfiguration' },
  'authentication.anonymous.enabled': {
    reason: 'whoever reaches port 10250 could run a command in any pod',
    refuses: value => value !== false,
  },
  'authentication.webhook.enabled': { reason: 'metrics and other clients authenticate by tokens', refuses: value => value !== true },
  'authentication.x509.clientCAFile': certificate,
  'authorization.mode': { reason: 'every request must be asked about at the API server', refuses: value => value !== 'Webhook' },
  clusterDNS: { ...dns, instead: 'networking.serviceSubnet' },
  clusterDomain: { ...dns, instead: 'networking.dnsDomain' },
  containerRuntimeEndpoint: { reason: 'containerd listens where its unit says' },
  port: { reason: 'the API server dials the port that it is told by the Node object: 10250', refuses: value => value !== 10250 },
  readOnlyPort: { reason: 'it serves pods and metrics to anyone (CIS 4.2.4)', refuses: value => value !== 0 },
  registerNode: { reason: 'a node registers itself', refuses: value => value !== true },
  registerWithTaints: { reason: 'taints are a property of the node', instead: 'nodes[].nodeRegistration.taints' },
  resolvConf: { reason: 'the right file is chosen on the node, without resolvers on loopback' },
  rotateCertificates: { reason: 'the first client certificate ends with certificateValidityPeriod', refuses: value => value !== true },
  serverTLSBootstrap: { reason: 'serving certificates are issued by the build', refuses: value => value !== false },
  tlsCertFile: certificate,
  tlsPrivateKeyFile: certificate,
};

const windows: OwnedKey = { reason: 'it is for Windows' };

const kubeProxy: OwnedKeys = {
  apiVersion: { reason: 'it is kubeproxy.config.k8s.io/v1alpha1', refuses: value => value !== 'kubeproxy.config.k8s.io/v1alpha1' },
  kind: { reason: 'it is KubeProxyConfiguration', refuses: value => value !== 'KubeProxyConfiguration' },
  bindAddress: { reason: 'it follows the primary family of the cluster' },
  'clientConnection.kubeconfig': { reason: 'a node dials the API server that its role has, with its own certificate' },
  clusterCIDR: { reason: 'the pod network needs the same value', instead: 'networking.podSubnet' },
  hostnameOverride: { reason: 'a node has one name', instead: 'nodes[].name' },
  ipvs: { reason: 'the mode ipvs is deprecated since v1.35; nftables replaces it' },
  windowsRunAsService: windows,
  winkernel: windows,
};

const OWNED = { KubeletConfiguration: kubelet, KubeProxyConfiguration: kubeProxy } as const;
export type ConfigurationType = keyof typeof OWNED;

export function ownedKeys(type: ConfigurationType): OwnedKeys {
  return OWNED[type];
}
