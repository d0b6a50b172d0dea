// kubeconfig (client.config.k8s.io v1): https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
import { dumpYaml } from './yaml.ts';

/** PEM that is embedded, or a file that a reader looks up beside the kubeconfig (relative paths are relative to it). */
export type PemSource = { readonly pem: string } | { readonly file: string };

export interface KubeconfigTarget {
  /** Distinguishes the contexts of one cluster: the node's name. */
  readonly name: string;
  /** `https://host:port` */
  readonly server: string;
}

export type KubeconfigOptions = {
  readonly clusterName: string;
  readonly user: string;
  readonly certificateAuthority: PemSource;
  readonly clientCertificate: PemSource;
  readonly clientKey: PemSource;
} & (
  | { readonly server: string }
  /** A context for each, the first is the current one. */
  | { readonly contexts: readonly [KubeconfigTarget, ...KubeconfigTarget[]] }
);

/** `certificate-authority` or `certificate-authority-data`, and so on. */
type Sources<Name extends string> = { readonly [key in Name | `${Name}-data`]?: string };

export interface Kubeconfig {
  readonly apiVersion: 'v1';
  readonly kind: 'Config';
  readonly clusters: readonly { readonly name: string; readonly cluster: { readonly server: string } & Sources<'certificate-authority'> }[];
  readonly contexts: readonly { readonly name: string; readonly context: { readonly cluster: string; readonly user: string } }[];
  readonly 'current-context': string;
  readonly users: readonly { readonly name: string; readonly user: Sources<'client-certificate' | 'client-key'> }[];
}

/** The document as data; contexts are named as kubeadm does, `user@cluster`, with `-<target>` behind it where there are several. */
export function kubeconfigDocument(options: KubeconfigOptions): Kubeconfig {
  const { clusterName, user, certificateAuthority, clientCertificate, clientKey } = options;
  const named = ({ name, server }: KubeconfigTarget): KubeconfigTarget => ({ name: `${clusterName}-${name}`, server });
  const targets = 'server' in options ? [{ name: clusterName, server: options.server }] : options.contexts.map(named);
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: targets.map(({ name, server }) => ({ name, cluster: { ...source('certificate-authority', certificateAuthority), server } })),
    contexts: targets.map(({ name }) => ({ name: `${user}@${name}`, context: { cluster: name, user } })),
    'current-context': `${user}@${targets[0]?.name}`,
    users: [{ name: user, user: { ...source('client-certificate', clientCertificate), ...source('client-key', clientKey) } }],
  };
}

/** The file. */
export function kubeconfig(options: KubeconfigOptions): string {
  return dumpYaml(kubeconfigDocument(options));
}

function source<Name extends string>(name: Name, from: PemSource): Sources<Name> {
  const entry = 'file' in from ? { [name]: from.file } : { [`${name}-data`]: Buffer.from(from.pem).toString('base64') };
  return entry as Sources<Name>;
}
