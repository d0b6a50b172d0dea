// The secrets file: the only source of a cluster's identity. Keys of each kind stand in ordered lists, because a rotation needs the old one and
// the new one at the same time: the active entry signs or encrypts, trusted ones are still believed, retired ones are only remembered.
import { invariant } from '../bug.ts';
import type { AuthorityName, DownloadCredential, NodeIdentity, RegistryCredential } from './request.ts';

export const SECRETS_API_VERSION = 'kubekiln/v1alpha1';

export const AUTHORITY_NAMES = ['kubernetes', 'etcd', 'front-proxy'] as const satisfies readonly AuthorityName[];

export type EntryState = 'active' | 'trusted' | 'retired';

/** What every entry of a list has. */
export interface Entry {
  /** Unique in its list, never used again: `kubernetes-ca-1`. */
  readonly id: string;
  /** RFC 3339 */
  readonly createdAt: string;
  /** Exactly one entry of a list is active (of the encryption keys: one per name). */
  readonly state: EntryState;
}

export interface StoredAuthority extends Entry {
  /** PEM */
  readonly certificate: string;
  /** PEM (PKCS#8); absent with an offline signer, and no longer needed once the entry is not active */
  readonly key?: string;
}

export interface StoredServiceAccountKey extends Entry {
  /** PEM (SPKI) */
  readonly publicKey: string;
  /** PEM (PKCS#8); only the active one signs */
  readonly key?: string;
}

export interface StoredEncryptionKey extends Entry {
  /** The name that cluster.yaml gives it. */
  readonly name: string;
  /** 32 bytes in base64 */
  readonly secret: string;
}

export interface StoredLeaf {
  /** Name of the request. */
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Secrets {
  readonly apiVersion: typeof SECRETS_API_VERSION;
  readonly kind: 'Secrets';
  readonly metadata: { readonly cluster: string; readonly createdAt: string };
  readonly certificateAuthorities: Readonly<Record<AuthorityName, readonly StoredAuthority[]>>;
  readonly serviceAccountKeys: readonly StoredServiceAccountKey[];
  readonly encryptionKeys: readonly StoredEncryptionKey[];
  /** Written by the operator: mirrors that want a password. */
  readonly downloadCredentials?: readonly DownloadCredential[];
  /** Written by the operator: registries that want a password. A list of its own: whoever may make a pod pulls with what stands here. */
  readonly registryCredentials?: readonly RegistryCredential[];
  readonly etcd: { readonly clusterToken: string /** RFC 3339 */; readonly bootstrapBefore: string };
  readonly nodes: Readonly<Record<string, NodeIdentity>>;
  /** By the digest of their request (leaf-digest.ts). */
  readonly leaves: Readonly<Record<string, StoredLeaf>>;
  readonly rotation: { readonly stage: 'none' };
}

/** The entry that signs. @throws Bug when the list was not checked. */
export function activeEntry<E extends Entry>(entries: readonly E[]): E {
  const active = entries.find(entry => entry.state === 'active');
  invariant(active, 'a list of the secrets file without an active entry');
  return active;
}

/** What verifiers must believe, the active entry first. */
export function believedEntries<E extends Entry>(entries: readonly E[]): E[] {
  return [activeEntry(entries), ...entries.filter(entry => entry.state === 'trusted')];
}
