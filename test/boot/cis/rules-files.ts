// 1.1: files of the control plane. A unit stands where the benchmark expects a static pod's manifest.
import { equals, has, type Rule, rule, stat, statBelow, statDataDirectory, statNetworkFiles } from './rule.ts';

export const UNITS = '/etc/systemd/system';
export const CONFIGURATION = '/etc/kubernetes';
export const PKI = `${CONFIGURATION}/pki`;
export const ADMIN_FILES = [`${CONFIGURATION}/admin.conf`, `${CONFIGURATION}/super-admin.conf`] as const;

export const EACH = { reads: 'each line' } as const;
export const modeAtMost = (value: string) => has('permissions', { operator: 'mode at most', value });
export const ROOT = has('root:root');

/** Two rules over one file: its mode, and its owner root:root. */
export function privateFile(
  ids: readonly [mode: string, owner: string],
  what: string,
  path: string,
  kind: Rule['kind'] = 'automated',
): readonly Rule[] {
  return [
    rule(ids[0], kind, `${what}: 600 or less`, stat('mode', path), [modeAtMost('600')]),
    rule(ids[1], kind, `${what}: root:root`, stat('owner', path), [ROOT]),
  ];
}

export const FILE_RULES: readonly Rule[] = [
  ...privateFile(['1.1.1', '1.1.2'], 'definition of kube-apiserver', `${UNITS}/kube-apiserver.service`),
  ...privateFile(['1.1.3', '1.1.4'], 'definition of kube-controller-manager', `${UNITS}/kube-controller-manager.service`),
  ...privateFile(['1.1.5', '1.1.6'], 'definition of kube-scheduler', `${UNITS}/kube-scheduler.service`),
  ...privateFile(['1.1.7', '1.1.8'], 'definition of etcd', `${UNITS}/etcd.service`),
  rule('1.1.9', 'manual', 'files of network plugins: 600 or less', statNetworkFiles('mode'), [modeAtMost('600')], EACH),
  rule('1.1.10', 'manual', 'files of network plugins: root:root', statNetworkFiles('owner'), [ROOT], EACH),
  rule('1.1.11', 'automated', "etcd's data directory: 700 or less", statDataDirectory('mode'), [modeAtMost('700')]),
  rule('1.1.12', 'automated', "etcd's data directory: etcd:etcd", statDataDirectory('owner'), [has('etcd:etcd')]),
  rule('1.1.13', 'automated', 'admin.conf and super-admin.conf: 600 or less', stat('mode', ...ADMIN_FILES), [modeAtMost('600')], EACH),
  rule(
    '1.1.14',
    'automated',
    'admin.conf and super-admin.conf: root:root',
    facts => stat('owner', ...ADMIN_FILES)(facts)?.replaceAll(/^/gm, 'ownership='),
    [equals('ownership', 'root:root')],
    EACH,
  ),
  ...privateFile(['1.1.15', '1.1.16'], 'kubeconfig of kube-scheduler', `${CONFIGURATION}/scheduler.conf`),
  ...privateFile(['1.1.17', '1.1.18'], 'kubeconfig of kube-controller-manager', `${CONFIGURATION}/controller-manager.conf`),
  rule('1.1.19', 'automated', `everything in ${PKI}: root:root`, statBelow('owner', PKI), [ROOT], EACH),
  rule('1.1.20', 'manual', `certificates in ${PKI}: 644 or less`, statBelow('mode', PKI, '.crt'), [modeAtMost('644')], EACH),
  rule('1.1.21', 'manual', `keys in ${PKI}: 600 or less`, statBelow('mode', PKI, '.key'), [modeAtMost('600')], EACH),
];
