// What a secrets file holds beside certificates, made where it is missing and never replaced.
import { toRfc3339 } from '../clock.ts';
import { randomOctets } from '../random.ts';
import type { Cluster } from '../spec/cluster.ts';
import type { NodeIdentity } from './request.ts';
import type { StoredEncryptionKey } from './secrets.ts';

/** Names of the encryption keys that cluster.yaml uses, in order, once each. */
export function encryptionKeyNames(cluster: Cluster): string[] {
  const providers = cluster.encryption.flatMap(rule => rule.providers);
  return [...new Set(providers.flatMap(provider => ('keys' in provider ? provider.keys : [])))];
}

/** Keys for the names that have none: 32 bytes, what secretbox takes and the longest that aescbc and aesgcm take. */
export function missingEncryptionKeys(cluster: Cluster, present: readonly StoredEncryptionKey[], now: number): StoredEncryptionKey[] {
  const known = new Set(present.map(key => key.name));
  return encryptionKeyNames(cluster)
    .filter(name => !known.has(name))
    .map(name => ({ id: `${name}-1`, name, createdAt: toRfc3339(now), state: 'active', secret: randomOctets(32).toString('base64') }));
}

/** First identities for the nodes that have none; nodes that left cluster.yaml keep theirs, so that one that returns is not taken for new. */
export function missingNodes(cluster: Cluster, present: Readonly<Record<string, NodeIdentity>>): Record<string, NodeIdentity> {
  const unknown = cluster.nodes.filter(node => !Object.hasOwn(present, node.name));
  return Object.fromEntries(unknown.map(node => [node.name, { generation: 1, instance: 1 }]));
}
