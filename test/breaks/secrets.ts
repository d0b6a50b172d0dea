// secrets.yaml and cluster.lock.yaml: the identity of a cluster, and what notices when it drifts.
import { type Break, swapped, without } from './break.ts';

const COMPARE = 'src/pki/compare-with-lock.ts';
const SECRETS_FILE = 'src/pki/secrets-file.ts';

export const SECRETS_BREAKS: readonly Break[] = [
  {
    name: 'an expired leaf is reused',
    file: 'src/pki/validity-problems.ts',
    ...swapped('leaves.filter(leaf => now > leaf.notAfter)', 'leaves.filter(() => false)'),
    tests: ['pki/credentials'],
    why: 'the node would not start',
  },
  {
    name: 'an expired authority signs',
    file: 'src/pki/validity-problems.ts',
    ...swapped('if (now > notAfter) {', 'if (now > Number.POSITIVE_INFINITY + notAfter) {'),
    tests: ['pki/credentials'],
    why: 'nobody trusts what it signs',
  },
  {
    name: 'another SAN, the same leaf',
    file: 'src/pki/leaf-digest.ts',
    ...swapped('usages, dnsNames, ipAddresses],', 'usages],'),
    tests: ['pki/credentials', 'pki/encoding'],
    why: 'an edit of certSANs would do nothing',
  },
  {
    name: 'secrets.yaml that the group may read',
    file: SECRETS_FILE,
    ...swapped('(mode & 0o077) === 0', '(mode & 0o007) === 0'),
    tests: ['pki/secrets-file'],
    why: 'the keys of the cluster',
  },
  {
    name: 'secrets.yaml written with mode 0644',
    file: 'src/cli/build-from-disk.ts',
    ...swapped('SECRETS_MODE = 0o600', 'SECRETS_MODE = 0o644'),
    tests: ['cli/file-system#umask'],
    why: 'the keys of the cluster',
    program: true,
  },
  {
    name: "another cluster's secrets.yaml",
    file: SECRETS_FILE,
    ...swapped('if (secrets.metadata.cluster !== clusterName) {', "if (secrets.metadata.cluster === '') {"),
    tests: ['pki/secrets-file'],
    why: 'nodes with the CA of another cluster',
  },
  {
    name: 'a truncated secrets.yaml passes for a whole one',
    file: SECRETS_FILE,
    ...swapped('const document = {\n    ...rest,', 'const document = {\n    rotation,\n    ...rest,'),
    tests: ['pki/secrets-file'],
    why: 'leaves, or the list of nodes, would be lost silently',
  },
  {
    name: 'the lock knows the cluster, the secrets are gone, and nobody minds',
    file: COMPARE,
    ...swapped('if (secrets === undefined) return [secretsMissing(lock)];', 'if (secrets === undefined) return [];'),
    tests: ['pki/lock-file'],
    why: 'a new CA that no node trusts',
  },
  {
    name: 'the build does not ask the lock',
    file: 'src/build.ts',
    ...swapped('if (!hasErrors(problems)) problems.push(...compareWithLock(', 'if (hasErrors(problems)) problems.push(...compareWithLock('),
    tests: ['build/refusals'],
    why: 'a new CA that no node trusts',
  },
  {
    name: 'back by a minor',
    file: COMPARE,
    ...swapped('if (to < from) {', 'if (to < 0) {'),
    tests: ['pki/lock-file'],
    why: 'Kubernetes cannot read what a newer minor wrote into etcd',
  },
  {
    name: 'an old copy of secrets.yaml',
    file: COMPARE,
    ...without('mine.generation >= known.generation && '),
    tests: ['pki/lock-file'],
    why: 'nodes refuse a lower generation',
  },
  {
    name: 'reopened with the old token',
    file: 'src/pki/reopen-bootstrap.ts',
    ...swapped('clusterToken: `${cluster.name}-${randomHex(8)}`', 'clusterToken: secrets.etcd.clusterToken'),
    tests: ['pki/reopen-bootstrap'],
    why: 'a member of before could meet the new ones',
  },
];
