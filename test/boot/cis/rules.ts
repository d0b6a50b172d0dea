// The rules of the CIS Kubernetes Benchmark 1.12, as kube-bench (cfg/cis-1.12: master, etcd, controlplane, node) evaluates them.
import type { Role } from '../../../src/spec/cluster.ts';
import { differs, equals, has, hasNot, judgement, type Look, lacks, orVariable, processLines, type Rule, rule } from './rule.ts';
import { API_SERVER_RULES } from './rules-api-server.ts';
import { FILE_RULES } from './rules-files.ts';
import { NODE_RULES } from './rules-node.ts';

const MANAGER = processLines('kube-controller-manager');
const SCHEDULER = processLines('kube-scheduler');
const ETCD = processLines('etcd');
const ANY = { join: 'any' } as const;
const LOOPBACK = [equals('--bind-address', '127.0.0.1'), hasNot('--bind-address')];

const CONTROLLER_MANAGER_RULES: readonly Rule[] = [
  rule('1.3.1', 'manual', 'a threshold for terminated pods', MANAGER, [has('--terminated-pod-gc-threshold')]),
  rule('1.3.2', 'automated', 'no profiling', MANAGER, [equals('--profiling', 'false')]),
  rule('1.3.3', 'automated', 'a service account for each controller', MANAGER, [differs('--use-service-account-credentials', 'false')]),
  rule('1.3.4', 'automated', 'a key that signs service-account tokens', MANAGER, [has('--service-account-private-key-file')]),
  rule('1.3.5', 'automated', 'pods get the CA', MANAGER, [has('--root-ca-file')]),
  rule(
    '1.3.6',
    'automated',
    "kubelets' serving certificates rotate",
    MANAGER,
    [lacks('--feature-gates', 'RotateKubeletServerCertificate=false'), hasNot('--feature-gates')],
    ANY,
  ),
  rule('1.3.7', 'automated', 'listens on loopback only', MANAGER, LOOPBACK, ANY),
];

const SCHEDULER_RULES: readonly Rule[] = [
  rule('1.4.1', 'automated', 'no profiling', SCHEDULER, [equals('--profiling', 'false')]),
  rule('1.4.2', 'automated', 'listens on loopback only', SCHEDULER, LOOPBACK, ANY),
];

/** etcd reads each flag from a variable too: --cert-file is ETCD_CERT_FILE. What stands in its configuration file is invisible to the benchmark. */
function etcdRule(id: string, wants: string, looks: readonly Look[], form: { kind?: Rule['kind']; join?: 'any' } = {}): Rule {
  const variable = (flag: string) => `ETCD_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`;
  const either = looks.map(look => orVariable(look, variable(look.flag)));
  return rule(id, form.kind ?? 'automated', wants, ETCD, either, { join: form.join ?? 'all' });
}

const ETCD_RULES: readonly Rule[] = [
  etcdRule('2.1', 'a certificate for clients', [has('--cert-file'), has('--key-file')]),
  etcdRule('2.2', 'clients need a certificate', [equals('--client-cert-auth', 'true')]),
  etcdRule('2.3', 'no self-signed certificate for clients', [hasNot('--auto-tls'), equals('--auto-tls', 'false')], ANY),
  etcdRule('2.4', 'a certificate for peers', [has('--peer-cert-file'), has('--peer-key-file')]),
  etcdRule('2.5', 'peers need a certificate', [equals('--peer-client-cert-auth', 'true')]),
  etcdRule('2.6', 'no self-signed certificate for peers', [hasNot('--peer-auto-tls'), equals('--peer-auto-tls', 'false')], ANY),
  etcdRule('2.7', 'a CA of its own', [has('--trusted-ca-file')], { kind: 'manual' }),
];

const CONTROL_PLANE_RULES: readonly Rule[] = [
  judgement('3.1.1', 'users do not log in with client certificates'),
  judgement('3.1.2', 'users do not log in with service-account tokens'),
  judgement('3.1.3', 'users do not log in with bootstrap tokens'),
  rule('3.2.1', 'manual', 'an audit policy', processLines('kube-apiserver'), [has('--audit-policy-file')]),
  judgement('3.2.2', 'the audit policy covers what matters'),
];

export const RULES: readonly Rule[] = [
  ...FILE_RULES,
  ...API_SERVER_RULES,
  ...CONTROLLER_MANAGER_RULES,
  ...SCHEDULER_RULES,
  ...ETCD_RULES,
  ...CONTROL_PLANE_RULES,
  ...NODE_RULES,
];

/** The rules that are meant for a node of that role. */
export function rulesOf(role: Role): readonly Rule[] {
  return role === 'worker' ? NODE_RULES : RULES;
}
