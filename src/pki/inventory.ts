import { invariant } from '../bug.ts';
import type { Cluster } from '../spec/cluster.ts';
import { leafDigest } from './leaf-digest.ts';
import { checkedCertificate, fingerprint, type ReadCertificate } from './read-certificate.ts';
import type { AuthorityName, CertificateRequest } from './request.ts';
import { AUTHORITY_NAMES, activeEntry, type Secrets, type StoredAuthority, type StoredLeaf } from './secrets.ts';

/** The authority that signs, read. */
export interface ActiveAuthority extends ReadCertificate {
  readonly name: AuthorityName;
  readonly stored: StoredAuthority;
}

/** One request, and what the secrets file has for it. */
export interface InventoryItem {
  readonly request: CertificateRequest;
  readonly digest: string;
  readonly authority: ActiveAuthority;
  readonly stored?: { readonly leaf: StoredLeaf; readonly read: ReadCertificate };
}

export type ActiveAuthorities = Readonly<Record<AuthorityName, ActiveAuthority>>;

/** The active authority of each kind. @throws Bug for secrets that were not checked. */
export function activeAuthorities(secrets: Secrets): ActiveAuthorities {
  const read = (name: AuthorityName): ActiveAuthority => {
    const stored = activeEntry(secrets.certificateAuthorities[name]);
    return { name, stored, ...checkedCertificate(stored.certificate, stored.id) };
  };
  const [kubernetes, etcd, frontProxy] = AUTHORITY_NAMES.map(read);
  invariant(kubernetes && etcd && frontProxy, 'an authority is missing');
  return { kubernetes, etcd, 'front-proxy': frontProxy };
}

/** All requests with the leaves stored for them, in the order of the requests. */
export function takeInventory(cluster: Cluster, secrets: Secrets, requests: readonly CertificateRequest[]): InventoryItem[] {
  invariant(new Set(requests.map(request => request.name)).size === requests.length, 'two certificate requests have the same name');
  const authorities = activeAuthorities(secrets);
  const { encryptionAlgorithm: algorithm, certificateValidity: validity, notBeforeSkew, subject } = cluster;
  const issuers = new Map(AUTHORITY_NAMES.map(name => [name, fingerprint(authorities[name].x509.raw)]));
  return requests.map(request => {
    const issuer = issuers.get(request.authority) ?? '';
    const digest = leafDigest(request, { algorithm, validity, notBeforeSkew, subject, issuer });
    const leaf = secrets.leaves[digest];
    const item = { request, digest, authority: authorities[request.authority] };
    return leaf === undefined ? item : { ...item, stored: { leaf, read: checkedCertificate(leaf.certificate, leaf.name) } };
  });
}
