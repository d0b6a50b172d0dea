// What a component asks of the PKI stage, and what it gets back. No code that issues anything stands here: components may import it.

export type AuthorityName = 'kubernetes' | 'etcd' | 'front-proxy';
export type KeyUsage = 'serverAuth' | 'clientAuth';

/**
 * A leaf certificate that a component needs. Names are data: they are encoded as DER values, never parsed from strings.
 * Extended key usages: RFC 5280, 4.2.1.12; what each one is for: https://kubernetes.io/docs/setup/best-practices/certificates/
 */
export interface CertificateRequest {
  /** Unique in the cluster: `<node>/<file stem>` (`cp-1/apiserver`, `cp-1/etcd/server`), or `operator/<name>`. */
  readonly name: string;
  readonly authority: AuthorityName;
  readonly commonName: string;
  /** O values beside the cluster's own subject fields, in order. */
  readonly organizations: readonly string[];
  readonly usages: readonly KeyUsage[];
  /** DNS SANs, in order, without duplicates. */
  readonly dnsNames: readonly string[];
  /** IP SANs in canonical form, in order, without duplicates. */
  readonly ipAddresses: readonly string[];
}

/** A certificate with its key, both PEM (PKCS#8 for the key), each ending in a newline. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
  /** seconds since 1970 */
  readonly notBefore: number;
  /** seconds since 1970 */
  readonly notAfter: number;
}

export interface Authority {
  /** PEM of every certificate that verifiers must trust (active first, then trusted ones). */
  readonly bundle: string;
  /** PEM of the certificate that signs. */
  readonly certificate: string;
  /** PEM (PKCS#8), absent with an offline signer. */
  readonly key?: string;
  readonly notAfter: number;
}

/** All key material of a cluster, complete and final: what the plan stage reads. */
export interface Credentials {
  readonly authorities: Readonly<Record<AuthorityName, Authority>>;
  /** `publicKeys`: PEM (SPKI) of all keys that verify, active first. `signingKey`: PEM (PKCS#8) of the one that signs. */
  readonly serviceAccount: { readonly publicKeys: string; readonly signingKey: string };
  /** Base64 secrets by key name. */
  readonly encryptionKeys: ReadonlyMap<string, string>;
  /** Leaves by request name. */
  readonly leaves: ReadonlyMap<string, KeyPair>;
  /** --initial-cluster-token */
  readonly etcdClusterToken: string;
  /** seconds since 1970: after it no blank etcd member founds the cluster */
  readonly bootstrapBefore: number;
  readonly nodes: ReadonlyMap<string, NodeIdentity>;
  /** For mirrors that want a password. */
  readonly downloads: readonly DownloadCredential[];
  /** For container registries that want a password. */
  readonly registries: readonly RegistryCredential[];
}

export interface RegistryCredential {
  /** As image names or the URLs of mirrors have it: `harbor.example.com`, `10.0.0.5:5000`. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

export interface DownloadCredential {
  /** Host name or address of a mirror, without a port. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

export interface NodeIdentity {
  /** Counts the payloads of this node that must not be rolled back: from 1. */
  readonly generation: number;
  /** Counts the machines that bore this name: from 1. Part of the instance-id, which stays for the machine's life. */
  readonly instance: number;
}
