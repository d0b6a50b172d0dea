import { toRfc3339 } from '../clock.ts';
import { toPem } from '../formats/pem.ts';
import { randomHex } from '../random.ts';
import type { Cluster } from '../spec/cluster.ts';
import { missingEncryptionKeys, missingNodes } from './fill-keys.ts';
import { generateKey } from './generate-key.ts';
import { issueAuthority } from './issue.ts';
import type { AuthorityName } from './request.ts';
import { SECRETS_API_VERSION, type Secrets, type StoredAuthority, type StoredServiceAccountKey } from './secrets.ts';

/** Where a cluster is born: its authorities, its service-account key, its encryption keys. Leaves are left to the first build. */
export async function createSecrets(cluster: Cluster, now: number): Promise<Secrets> {
  const [kubernetes, etcd, frontProxy, serviceAccountKey] = await Promise.all([
    createAuthority(cluster, 'kubernetes', now),
    createAuthority(cluster, 'etcd', now),
    createAuthority(cluster, 'front-proxy', now),
    createServiceAccountKey(cluster, now),
  ]);
  return newSecrets(cluster, now, { kubernetes: [kubernetes], etcd: [etcd], 'front-proxy': [frontProxy] }, [serviceAccountKey]);
}

/** A secrets file around given authorities and service-account keys. */
export function newSecrets(
  cluster: Cluster,
  now: number,
  certificateAuthorities: Secrets['certificateAuthorities'],
  serviceAccountKeys: Secrets['serviceAccountKeys'],
): Secrets {
  return {
    apiVersion: SECRETS_API_VERSION,
    kind: 'Secrets',
    metadata: { cluster: cluster.name, createdAt: toRfc3339(now) },
    certificateAuthorities,
    serviceAccountKeys,
    encryptionKeys: missingEncryptionKeys(cluster, [], now),
    // The random part keeps members of an earlier cluster of the same name from meeting those of this one.
    etcd: { clusterToken: `${cluster.name}-${randomHex(8)}`, bootstrapBefore: toRfc3339(now + cluster.bootstrapWindow) },
    nodes: missingNodes(cluster, {}),
    leaves: {},
    rotation: { stage: 'none' },
  };
}

async function createAuthority(cluster: Cluster, name: AuthorityName, now: number): Promise<StoredAuthority> {
  // Unique in the world of one operator: verifiers that ignore key identifiers confuse authorities of the same name.
  const commonName = `${cluster.name}-${name}-ca`;
  const validity = { notBefore: now - cluster.notBeforeSkew, notAfter: now + cluster.caCertificateValidity };
  const { certificate, key } = await issueAuthority(commonName, cluster.subject, cluster.encryptionAlgorithm, validity);
  return { id: `${name}-ca-1`, createdAt: toRfc3339(now), state: 'active', certificate, key };
}

async function createServiceAccountKey(cluster: Cluster, now: number): Promise<StoredServiceAccountKey> {
  const { publicKey, privateKey } = await generateKey(cluster.encryptionAlgorithm);
  return {
    id: 'service-account-1',
    createdAt: toRfc3339(now),
    state: 'active',
    publicKey: toPem('PUBLIC KEY', publicKey),
    key: privateKey,
  };
}
