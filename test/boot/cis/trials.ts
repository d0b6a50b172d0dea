// How each rule is broken, once. Where kubekiln leaves a rule broken on purpose, it is mended first: that shows that our evaluator can tell.
import type { Role } from '../../../src/spec/cluster.ts';
import { ADMIN_FILES, CONFIGURATION, PKI, UNITS } from './rules-files.ts';
import { argument, mode, owner, privateFile, type Trial } from './trial.ts';
import { NODE_TRIALS } from './trials-node.ts';

const NETWORK_FILE = '/var/lib/cni/networks/pods/10.244.0.2';

function absentAtFirst(ids: readonly [string, string], paths: readonly [string, ...string[]]): readonly Trial[] {
  const mend = { change: { kind: 'new files', paths }, turns: ids } as const;
  return [
    { ...mode(ids[0], paths[0], '644'), mend },
    { ...owner(ids[1], paths[0], 'nobody:root'), mend },
  ];
}

const api = (id: string, flag: string, value?: string) => argument('kube-apiserver', id, flag, value);
const manager = (id: string, flag: string, value?: string) => argument('kube-controller-manager', id, flag, value);
const scheduler = (id: string, flag: string, value?: string) => argument('kube-scheduler', id, flag, value);
const etcd = (id: string, flag: string, value?: string) => argument('etcd', id, flag, value);

const PLUGINS = ['NodeRestriction', 'DenyServiceExternalIPs', 'EventRateLimit'];
const enabled = (id: string, ...plugins: readonly string[]) => api(id, 'enable-admission-plugins', plugins.join(','));

/** A plugin that kubekiln enables is left out. */
function plugin(id: string, name: string): Trial {
  return enabled(id, ...PLUGINS.filter(other => other !== name));
}

/** A plugin that kubekiln does not enable: with it the rule passes, without it the rule is as it was. */
function otherPlugin(id: string, name: string): Trial {
  return { ...enabled(id, ...PLUGINS), mend: { change: enabled(id, ...PLUGINS, name).change, turns: [id] } };
}

export const TRIALS: readonly Trial[] = [
  ...privateFile(['1.1.1', '1.1.2'], `${UNITS}/kube-apiserver.service`),
  ...privateFile(['1.1.3', '1.1.4'], `${UNITS}/kube-controller-manager.service`),
  ...privateFile(['1.1.5', '1.1.6'], `${UNITS}/kube-scheduler.service`),
  ...privateFile(['1.1.7', '1.1.8'], `${UNITS}/etcd.service`),
  ...absentAtFirst(['1.1.9', '1.1.10'], [NETWORK_FILE]),
  mode('1.1.11', '/var/lib/etcd', '750'),
  owner('1.1.12', '/var/lib/etcd', 'etcd:root'),
  ...absentAtFirst(['1.1.13', '1.1.14'], ADMIN_FILES),
  ...privateFile(['1.1.15', '1.1.16'], `${CONFIGURATION}/scheduler.conf`),
  ...privateFile(['1.1.17', '1.1.18'], `${CONFIGURATION}/controller-manager.conf`),
  owner('1.1.19', `${PKI}/etcd/ca.crt`, 'etcd:root'),
  mode('1.1.20', `${PKI}/apiserver.crt`, '664'),
  mode('1.1.21', `${PKI}/etcd/server.key`, '640'),

  api('1.2.1', 'anonymous-auth', 'true'),
  api('1.2.2', 'token-auth-file', '/etc/kubernetes/tokens.csv'),
  plugin('1.2.3', 'DenyServiceExternalIPs'),
  api('1.2.4', 'kubelet-client-key'),
  api('1.2.5', 'kubelet-certificate-authority'),
  api('1.2.6', 'authorization-mode', 'Node,RBAC,AlwaysAllow'),
  api('1.2.7', 'authorization-mode', 'RBAC'),
  api('1.2.8', 'authorization-mode', 'Node'),
  plugin('1.2.9', 'EventRateLimit'),
  enabled('1.2.10', ...PLUGINS, 'AlwaysAdmit'),
  otherPlugin('1.2.11', 'AlwaysPullImages'),
  api('1.2.12', 'disable-admission-plugins', 'ServiceAccount'),
  api('1.2.13', 'disable-admission-plugins', 'NamespaceLifecycle'),
  plugin('1.2.14', 'NodeRestriction'),
  api('1.2.15', 'profiling'),
  api('1.2.16', 'audit-log-path'),
  api('1.2.17', 'audit-log-maxage', '29'),
  api('1.2.18', 'audit-log-maxbackup', '3'),
  api('1.2.19', 'audit-log-maxsize', '99'),
  api('1.2.21', 'service-account-lookup', 'false'),
  api('1.2.22', 'service-account-key-file'),
  api('1.2.23', 'etcd-certfile'),
  api('1.2.24', 'tls-private-key-file'),
  api('1.2.25', 'client-ca-file'),
  api('1.2.26', 'etcd-cafile'),
  // Without a configuration there is no provider either.
  { ...api('1.2.27', 'encryption-provider-config'), turns: ['1.2.27', '1.2.28'] },
  { turns: ['1.2.28'], change: { kind: 'provider', to: 'identity' } },
  api('1.2.29', 'tls-cipher-suites', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA'),
  api('1.2.30', 'service-account-extend-token-expiration'),

  manager('1.3.1', 'terminated-pod-gc-threshold'),
  manager('1.3.2', 'profiling', 'true'),
  manager('1.3.3', 'use-service-account-credentials', 'false'),
  manager('1.3.4', 'service-account-private-key-file'),
  manager('1.3.5', 'root-ca-file'),
  manager('1.3.6', 'feature-gates', 'RotateKubeletServerCertificate=false'),
  manager('1.3.7', 'bind-address', '0.0.0.0'),
  scheduler('1.4.1', 'profiling'),
  scheduler('1.4.2', 'bind-address', '0.0.0.0'),

  etcd('2.1', 'key-file'),
  etcd('2.2', 'client-cert-auth', 'false'),
  etcd('2.3', 'auto-tls', 'true'),
  etcd('2.4', 'peer-cert-file'),
  etcd('2.5', 'peer-client-cert-auth'),
  etcd('2.6', 'peer-auto-tls', 'true'),
  etcd('2.7', 'trusted-ca-file'),

  api('3.2.1', 'audit-policy-file'),

  ...NODE_TRIALS,
];

/** The trials of the rules that are meant for a node of that role. */
export function trialsOf(role: Role): readonly Trial[] {
  return role === 'worker' ? NODE_TRIALS : TRIALS;
}
