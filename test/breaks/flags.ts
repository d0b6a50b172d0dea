// Flags without which a cluster is open, and how values are written into units.
import { type Break, swapped, without } from './break.ts';

const API_SERVER = 'src/components/kube-apiserver.ts';
const ETCD = 'src/components/etcd.ts';
const SYSTEMD = 'src/formats/systemd.ts';

export const FLAG_BREAKS: readonly Break[] = [
  {
    name: 'etcd without client-cert-auth',
    file: ETCD,
    ...without("    ['client-cert-auth', 'true'],\n"),
    tests: ['cis/rules'],
    why: 'whoever reaches etcd owns the cluster',
  },
  {
    name: 'etcd without peer-client-cert-auth',
    file: ETCD,
    ...without("    ['peer-client-cert-auth', 'true'],\n"),
    tests: ['cis/rules'],
    why: 'whoever reaches etcd owns the cluster',
  },
  {
    name: 'etcd without its corruption check',
    file: ETCD,
    ...without("    ['feature-gates', 'InitialCorruptCheck=true'],\n"),
    tests: ['plan/golden'],
    why: 'a damaged member would spread its data',
  },
  {
    name: 'anonymous-auth left to its default',
    file: API_SERVER,
    ...without("    ...(ownAuthentication ? [] : [['anonymous-auth', 'false'] satisfies Flag]),\n"),
    tests: ['cis/rules'],
    why: 'anyone may ask',
  },
  {
    name: 'no encryption-provider-config',
    file: API_SERVER,
    ...without("    ['encryption-provider-config', credential('encryption-config.yaml')],\n"),
    tests: ['cis/rules'],
    why: 'Secrets in the clear on the disks',
  },
  {
    name: 'authorization without Node',
    file: API_SERVER,
    ...swapped("['authorization-mode', 'Node,RBAC']", "['authorization-mode', 'RBAC']"),
    tests: ['cis/rules'],
    why: 'a kubelet could read every Secret',
  },
  {
    name: 'no NodeRestriction',
    file: 'src/spec/resolve-admission.ts',
    ...swapped("['NodeRestriction', 'DenyServiceExternalIPs', ", "['DenyServiceExternalIPs', "),
    tests: ['cis/rules'],
    why: 'a kubelet could change other nodes',
  },
  {
    name: "an operator's list of plugins instead of ours",
    file: 'src/spec/resolve-admission.ts',
    ...swapped(
      "unique([...ENABLED, ...listed(extraArgs, 'enable-admission-plugins')])",
      "unique(listed(extraArgs, 'enable-admission-plugins'))",
    ),
    tests: ['plan/admission'],
    why: 'whoever adds a plugin loses the others',
  },
  {
    name: 'Pod Security lost beside an own AdmissionConfiguration',
    file: 'src/spec/resolve-admission.ts',
    ...swapped('&& !inFile.has(name)', '&& inFile.size === 0'),
    tests: ['plan/admission'],
    why: 'a file about one webhook opens every namespace to privileged pods',
  },
  {
    name: 'kubelet does not wait for the rules that keep pods from metadata',
    file: 'templates/kubekiln-metadata.service',
    ...without('Before=kubelet.service\n'),
    tests: ['plan/metadata-service'],
    why: "a pod that starts early reads the node's keys",
  },
  {
    name: 'no audit log',
    file: API_SERVER,
    ...without("    ['audit-log-path', `${cluster.paths.logs}/kube-apiserver/audit.log`],\n"),
    tests: ['cis/rules'],
    why: 'nobody knows what happened',
  },
  {
    name: 'kubelets are not authenticated',
    file: API_SERVER,
    ...without("    ['kubelet-certificate-authority', credential('ca.crt')],\n"),
    tests: ['cis/rules'],
    why: 'exec into a machine in the middle',
  },
  {
    name: 'one account for all controllers',
    file: 'src/components/kube-controller-manager.ts',
    ...without("    ['use-service-account-credentials', 'true'],\n"),
    tests: ['cis/rules'],
    why: 'each controller has the rights of all',
  },
  {
    name: 'the scheduler on all addresses',
    file: 'src/components/kube-scheduler.ts',
    ...swapped("['bind-address', '127.0.0.1']", "['bind-address', '0.0.0.0']"),
    tests: ['cis/rules'],
    why: 'its metrics for everybody',
  },
  {
    name: 'extraArgs beside our flag instead of in its place',
    file: 'src/components/daemon-unit.ts',
    ...swapped('...flags.filter(([name]) => !overridden.has(name))', '...flags.filter(([name]) => !overridden.has(`${name}?`))'),
    tests: ['plan/flags', 'build/any-cluster'],
    why: 'which of two wins differs from daemon to daemon',
  },
  {
    name: 'an unescaped % in a flag',
    file: SYSTEMD,
    ...swapped("quote(value.replaceAll('%', '%%').replaceAll", 'quote(value.replaceAll'),
    tests: ['plan/flags', 'build/hostile-fields#apiServer.extra'],
    why: 'systemd expands it',
  },
  {
    name: 'an unescaped $ in a flag',
    file: SYSTEMD,
    ...without(".replaceAll('$', '$$$$')"),
    tests: ['plan/flags', 'build/hostile-fields#apiServer.extra'],
    why: 'systemd expands it',
  },
  {
    name: 'an unescaped quote in a unit',
    file: SYSTEMD,
    ...without("\n    .replace(/[\\\\\"]/g, '\\\\$&')"),
    tests: ['plan/flags', 'build/hostile-fields#apiServer.extra'],
    why: 'the value ends early, and the rest is flags of its own',
  },
  {
    name: 'an unescaped % in a variable',
    file: SYSTEMD,
    ...swapped("quote(`${name}=${value.replaceAll('%', '%%')}`)", 'quote(`${name}=${value}`)'),
    tests: ['plan/flags', 'build/hostile-fields#apiServer.extra'],
    why: 'systemd expands it',
  },
  {
    name: 'an unquoted blank in a unit',
    file: SYSTEMD,
    ...swapped('/[^A-Za-z0-9_./:@', '/[^ A-Za-z0-9_./:@'),
    tests: ['build/hostile-fields#apiServer.extra'],
    why: 'one value becomes two flags',
  },
];
