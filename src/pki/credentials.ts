// The pki stage: a table of requests in, all key material of the cluster out. The secrets file is filled with what it lacks and nothing else,
// so that a second run changes nothing.
import { invariant } from '../bug.ts';
import { fromRfc3339 } from '../clock.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import { missingEncryptionKeys, missingNodes } from './fill-keys.ts';
import { activeAuthorities, type InventoryItem, takeInventory } from './inventory.ts';
import { issueLeaves, type LeafOrder } from './issue.ts';
import { lockedProblems, type Missing, offlineProblems } from './missing-problems.ts';
import type { Authority, CertificateRequest, Credentials, KeyPair } from './request.ts';
import { AUTHORITY_NAMES, activeEntry, believedEntries, type Secrets, type StoredLeaf } from './secrets.ts';
import { authorityProblems, leafValidityProblems, type QuietTime, quietTime } from './validity-problems.ts';

export interface FillOptions {
  /** seconds since 1970 */
  readonly now: number;
  /** Make nothing new: what is missing is a problem. */
  readonly locked: boolean;
}

export interface Filled {
  /** Only without errors. */
  readonly credentials?: Credentials;
  /** The very object that was given when nothing had to be made or pruned. */
  readonly secrets: Secrets;
  readonly issued: number;
  readonly reused: number;
  /** When none of these problems is one of dates; only without errors. */
  readonly quiet?: QuietTime;
  readonly problems: readonly Problem[];
}

/** Issues what is missing, prunes leaves that nothing asks for any more, and hands out the whole. `secrets` must come from `parseSecrets` or `createSecrets`. */
export async function fillCredentials(
  cluster: Cluster,
  secrets: Secrets,
  requests: readonly CertificateRequest[],
  { now, locked }: FillOptions,
): Promise<Filled> {
  const items = takeInventory(cluster, secrets, requests);
  const missing: Missing = {
    leaves: items.filter(item => item.stored === undefined),
    encryptionKeys: missingEncryptionKeys(cluster, secrets.encryptionKeys, now),
    nodes: missingNodes(cluster, secrets.nodes),
  };
  const authorities = activeAuthorities(secrets);
  const problems = [
    ...AUTHORITY_NAMES.flatMap(name => authorityProblems(authorities[name], now, cluster.certificateValidity)),
    ...leafValidityProblems(items, now),
    ...(locked ? lockedProblems(missing, secrets) : offlineProblems(missing.leaves)),
  ];
  if (hasErrors(problems)) return { secrets, issued: 0, reused: 0, problems };

  const pairs = await issueLeaves(missing.leaves.map(item => leafOrder(item, cluster, now)));
  const fresh = new Map(missing.leaves.map((item, index) => [item.digest, pairs[index]]));
  const leaves = new Map(items.map(item => [item.request.name, item.stored ? storedPair(item.stored) : fresh.get(item.digest)]));
  const filled = withFilled(secrets, missing, items, leaves);
  return {
    credentials: credentialsOf(filled, leaves),
    secrets: filled,
    issued: missing.leaves.length,
    reused: items.length - missing.leaves.length,
    quiet: quietTime(
      Object.values(authorities),
      items.map(item => pairOf(leaves, item.request.name)),
      cluster.certificateValidity,
    ),
    problems,
  };
}

/** A leaf lies inside its authority's life: beyond it no verifier would believe it anyway, and its own dates would say otherwise. */
function leafOrder({ request, authority }: InventoryItem, cluster: Cluster, now: number): LeafOrder {
  const { certificate, key } = authority.stored;
  invariant(key, `no key to issue ${request.name}`);
  return {
    request,
    issuer: { certificate, key },
    subject: cluster.subject,
    algorithm: cluster.encryptionAlgorithm,
    notBefore: Math.max(now - cluster.notBeforeSkew, authority.notBefore),
    notAfter: Math.min(now + cluster.certificateValidity, authority.notAfter),
  };
}

function storedPair({ leaf, read }: NonNullable<InventoryItem['stored']>): KeyPair {
  return { certificate: line(leaf.certificate), key: line(leaf.key), notBefore: read.notBefore, notAfter: read.notAfter };
}

type Leaves = ReadonlyMap<string, KeyPair | undefined>;

function pairOf(leaves: Leaves, name: string): KeyPair {
  const pair = leaves.get(name);
  invariant(pair, `no certificate for ${name}`);
  return pair;
}

function withFilled(secrets: Secrets, missing: Missing, items: readonly InventoryItem[], leaves: Leaves): Secrets {
  const unchanged =
    missing.leaves.length + missing.encryptionKeys.length + Object.keys(missing.nodes).length === 0 &&
    items.length === Object.keys(secrets.leaves).length;
  if (unchanged) return secrets;
  const kept = items.map(({ request: { name }, digest, stored }): [string, StoredLeaf] => {
    const { certificate, key } = pairOf(leaves, name);
    return [digest, stored?.leaf ?? { name, certificate, key }];
  });
  return {
    ...secrets,
    encryptionKeys: [...secrets.encryptionKeys, ...missing.encryptionKeys],
    nodes: { ...secrets.nodes, ...missing.nodes },
    leaves: Object.fromEntries(kept),
  };
}

function credentialsOf(secrets: Secrets, leaves: Leaves): Credentials {
  const authorities = activeAuthorities(secrets);
  const authority = (name: (typeof AUTHORITY_NAMES)[number]): Authority => {
    const { stored, notAfter } = authorities[name];
    const bundle = believedEntries(secrets.certificateAuthorities[name]).map(entry => line(entry.certificate));
    return {
      bundle: bundle.join(''),
      certificate: line(stored.certificate),
      ...(stored.key !== undefined && { key: line(stored.key) }),
      notAfter,
    };
  };
  const signing = activeEntry(secrets.serviceAccountKeys);
  const bootstrapBefore = fromRfc3339(secrets.etcd.bootstrapBefore);
  invariant(signing.key !== undefined && bootstrapBefore !== undefined, 'the secrets file was not checked');
  return {
    authorities: { kubernetes: authority('kubernetes'), etcd: authority('etcd'), 'front-proxy': authority('front-proxy') },
    serviceAccount: {
      publicKeys: believedEntries(secrets.serviceAccountKeys)
        .map(entry => line(entry.publicKey))
        .join(''),
      signingKey: line(signing.key),
    },
    encryptionKeys: new Map(secrets.encryptionKeys.filter(key => key.state === 'active').map(key => [key.name, key.secret])),
    leaves: new Map([...leaves.keys()].map(name => [name, pairOf(leaves, name)])),
    etcdClusterToken: secrets.etcd.clusterToken,
    bootstrapBefore,
    nodes: new Map(Object.entries(secrets.nodes)),
    downloads: secrets.downloadCredentials ?? [],
    registries: secrets.registryCredentials ?? [],
  };
}

/** PEM that someone pasted without its final newline would run into the next block of a bundle. */
function line(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
