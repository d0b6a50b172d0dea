// What must not drift silently between two builds.
import { fromRfc3339, toDay } from '../clock.ts';
import type { Problem, ProblemCode } from '../problem.ts';
import { type Cluster, controlPlaneNodes } from '../spec/cluster.ts';
import type { Lock } from './lock-file.ts';
import { checkedCertificate, fingerprint, publicKeyFingerprint } from './read-certificate.ts';
import { AUTHORITY_NAMES, activeEntry, type Secrets } from './secrets.ts';

/**
 * Compares a cluster with what the lock file remembers of it. Without `secrets` there was no secrets file: one that exists but cannot be read
 * is reported by `parseSecrets`, and must not come here. Problems about cluster.yaml are placed in `clusterFile`.
 */
export function compareWithLock(
  cluster: Cluster,
  secrets: Secrets | undefined,
  lock: Lock | undefined,
  clusterFile = 'cluster.yaml',
): Problem[] {
  if (lock === undefined) return secrets === undefined ? [noSecretsYet()] : [];
  if (lock.metadata.name !== cluster.name) {
    const message = `cluster.lock.yaml belongs to the cluster ${JSON.stringify(lock.metadata.name)}, but cluster.yaml describes ${JSON.stringify(cluster.name)}`;
    const hint = 'keep each cluster.yaml beside its own lock file; a cluster cannot be renamed';
    return [error('lock-of-another-cluster', message, hint)];
  }
  if (secrets === undefined) return [secretsMissing(lock)];
  const drift = [...versionProblems(cluster, lock), ...memberProblems(cluster, lock)];
  return [
    ...authorityProblems(secrets, lock),
    ...generationProblems(cluster, secrets, lock),
    ...drift.map(problem => ({ ...problem, file: clusterFile })),
  ];
}

function error(code: ProblemCode, message: string, hint: string, details?: readonly string[]): Problem {
  return { severity: 'error', code, path: [], message, hint, ...(details && { details }) };
}

function noSecretsYet(): Problem {
  const hint = 'kubekiln secrets init makes them, and with them a new cluster; if this cluster exists already, restore its secrets.yaml';
  return error('secrets-missing', 'no secrets.yaml beside cluster.yaml', hint);
}

function secretsMissing(lock: Lock): Problem {
  const { name } = lock.metadata;
  const { fingerprint: digest, createdAt } = activeEntry(lock.certificateAuthorities.kubernetes);
  const born = toDay(fromRfc3339(createdAt) ?? 0);
  const message = `no secrets.yaml beside cluster.yaml, but cluster.lock.yaml knows this cluster (CA ${shortened(digest)}, ${born})`;
  const hint = 'restore that secrets.yaml, or import its keys: kubekiln secrets init --from-kubernetes-pki DIR';
  return error('secrets-missing', message, hint, [`A new CA would be trusted by no node, kubeconfig or backup of ${name}.`]);
}

function shortened(digest: string): string {
  return `${digest.slice(0, 'sha256:'.length + 6)}…`;
}

/** A rotation puts new entries beside old ones, and a build may have been killed before it wrote the lock: one that both know is enough. */
function authorityProblems(secrets: Secrets, lock: Lock): Problem[] {
  const differs = (what: string, mine: readonly string[], known: readonly { readonly fingerprint: string }[]) => {
    if (mine.some(digest => known.some(entry => entry.fingerprint === digest))) return [];
    return [
      `${what}: secrets.yaml has ${mine.map(shortened).join(', ')}, cluster.lock.yaml ${known.map(entry => shortened(entry.fingerprint)).join(', ')}`,
    ];
  };
  const details = AUTHORITY_NAMES.flatMap(name => {
    const mine = secrets.certificateAuthorities[name].map(entry => fingerprint(checkedCertificate(entry.certificate, entry.id).x509.raw));
    return differs(`${name} certificate authority`, mine, lock.certificateAuthorities[name]);
  });
  const keys = secrets.serviceAccountKeys.map(entry => publicKeyFingerprint(entry.publicKey));
  details.push(...differs('service-account key', keys, lock.serviceAccountKeys));
  if (details.length === 0) return [];
  const message = `secrets.yaml is not the one that cluster.lock.yaml knows of ${lock.metadata.name}`;
  return [error('secrets-of-another-ca', message, 'restore the secrets.yaml of this cluster: its nodes trust nothing else', details)];
}

function versionProblems(cluster: Cluster, lock: Lock): Problem[] {
  const built = lock.built?.kubernetesVersion;
  const from = Number(/^v1\.(\d+)\./.exec(built ?? '')?.[1] ?? cluster.version.minor);
  const path = ['spec', 'kubernetesVersion'];
  const to = cluster.version.minor;
  if (to < from) {
    const message = `kubernetesVersion goes back from ${built} to ${cluster.version.text}: Kubernetes cannot read what a newer minor wrote into etcd`;
    return [{ ...error('version-downgrade', message, `stay on v1.${from}`), path }];
  }
  if (to <= from + 1) return [];
  const message = `kubernetesVersion goes from ${built} to ${cluster.version.text} and skips ${skipped(from, to)}`;
  return [{ ...error('version-skips-minor', message, `upgrade every node to v1.${from + 1} first`), path }];
}

function skipped(from: number, to: number): string {
  return Array.from({ length: to - from - 1 }, (_, index) => `v1.${from + 1 + index}`).join(', ');
}

function generationProblems(cluster: Cluster, secrets: Secrets, lock: Lock): Problem[] {
  return cluster.nodes.flatMap(({ name }) => {
    const known = lock.nodes[name];
    const mine = secrets.nodes[name] ?? { generation: 1, instance: 1 };
    if (known === undefined || (mine.generation >= known.generation && mine.instance >= known.instance)) return [];
    const seen = `generation ${mine.generation}, instance ${mine.instance}`;
    const message = `${name} has ${seen} in secrets.yaml, but generation ${known.generation}, instance ${known.instance} was built already`;
    return [
      error('generation-too-low', message, 'this secrets.yaml is an old copy: restore the newest; the node refuses a lower generation'),
    ];
  });
}

function memberProblems(cluster: Cluster, lock: Lock): Problem[] {
  const members = (list: readonly { readonly name: string; readonly address: string }[]) =>
    list.map(({ name, address }) => `${name} (${address})`);
  const now = members(controlPlaneNodes(cluster));
  const before = members(lock.etcd.foundingMembers);
  if (lock.built === undefined || [...now].sort().join() === [...before].sort().join()) return [];
  const message = `the founding members of etcd change from ${before.join(', ')} to ${now.join(', ')}`;
  const hint = 'only right while no node has booted; a running cluster changes its members one at a time';
  return [{ severity: 'warning', code: 'founding-members-changed', path: ['spec', 'nodes'], message, hint }];
}
