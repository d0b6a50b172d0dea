// 4: every node, control-plane nodes too. The unit of kubelet and its KubeletConfiguration stand where the benchmark looks for them.

import {
  atLeast,
  contains,
  differs,
  equals,
  has,
  hasNot,
  type Look,
  lacks,
  only,
  orSetting,
  processesOf,
  type Rule,
  rule,
  stat,
  statClientAuthority,
  statUnit,
} from './rule.ts';
import { CONFIGURATION, EACH, modeAtMost, PKI, privateFile, ROOT, UNITS } from './rules-files.ts';

export const KUBELET_UNIT = `${UNITS}/kubelet.service`;
/** The benchmark looks at the first; kubelet reads the second, made of the first before each start. */
export const KUBELET_KUBECONFIGS = [`${CONFIGURATION}/kubelet.conf`, '/var/lib/kubelet/kubelet.conf'] as const;
export const KUBELET_CONFIGURATION = '/var/lib/kubelet/config.yaml';
export const CLIENT_AUTHORITY = `${PKI}/ca.crt`;
/** The benchmark looks for kube-proxy's settings in it, and finds none: they stand in a file that it does not know. */
export const PROXY_KUBECONFIG = `${CONFIGURATION}/proxy.conf`;

const KUBELET = processesOf('kubelet');
const KUBE_PROXY = processesOf('kube-proxy');

/** Six suites, without those of TLS 1.3 and without the longer names of ChaCha20 that rule 1.2.29 takes. */
const STRONG_SUITES = ['ECDSA', 'RSA'].flatMap(key =>
  ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305'].map(suite => `TLS_ECDHE_${key}_WITH_${suite}`),
);

type Setting = readonly [flag: string, path: string];

/** A look at a setting of kubelet: its flag, or else its key. */
const setting = (look: (flag: string) => Look, [flag, path]: Setting) => orSetting(look(flag), path);

function kubelet(id: string, kind: Rule['kind'], wants: string, looks: readonly Look[], join: Rule['join'] = 'all'): Rule {
  return rule(id, kind, wants, KUBELET, looks, { configuration: KUBELET_CONFIGURATION, join });
}

/** One setting that must be so. */
const must = (id: string, kind: Rule['kind'], wants: string, of: Setting, look: (flag: string) => Look) =>
  kubelet(id, kind, wants, [setting(look, of)]);

/** One setting that must be so, or not be there. */
const mayBeUnset = (id: string, kind: Rule['kind'], wants: string, of: Setting, look: (flag: string) => Look) =>
  kubelet(id, kind, wants, [setting(look, of), setting(hasNot, of)], 'any');

const FILE_RULES: readonly Rule[] = [
  rule('4.1.1', 'automated', 'unit of kubelet, and drop-ins: 600 or less', statUnit('mode', KUBELET_UNIT), [modeAtMost('600')], EACH),
  rule('4.1.2', 'automated', 'unit of kubelet, and drop-ins: root:root', statUnit('owner', KUBELET_UNIT), [ROOT], EACH),
  ...privateFile(['4.1.3', '4.1.4'], 'kubeconfig of kube-proxy', PROXY_KUBECONFIG, 'manual'),
  rule('4.1.5', 'automated', 'kubeconfigs of kubelet: 600 or less', stat('mode', ...KUBELET_KUBECONFIGS), [modeAtMost('600')], EACH),
  rule('4.1.6', 'automated', 'kubeconfigs of kubelet: root:root', stat('owner', ...KUBELET_KUBECONFIGS), [ROOT], EACH),
  rule('4.1.7', 'manual', "CA of kubelet's clients: 644 or less", statClientAuthority('mode', CLIENT_AUTHORITY), [modeAtMost('644')]),
  rule('4.1.8', 'manual', "CA of kubelet's clients: root:root", statClientAuthority('owner', CLIENT_AUTHORITY), [
    equals('root:root', 'root:root'),
  ]),
  ...privateFile(['4.1.9', '4.1.10'], 'configuration of kubelet', KUBELET_CONFIGURATION),
];

const KUBELET_RULES: readonly Rule[] = [
  must('4.2.1', 'automated', 'no anonymous requests', ['--anonymous-auth', 'authentication.anonymous.enabled'], flag =>
    equals(flag, 'false'),
  ),
  must('4.2.2', 'automated', 'authorization is not AlwaysAllow', ['--authorization-mode', 'authorization.mode'], flag =>
    lacks(flag, 'AlwaysAllow'),
  ),
  must('4.2.3', 'automated', "clients' certificates are verified", ['--client-ca-file', 'authentication.x509.clientCAFile'], has),
  mayBeUnset('4.2.4', 'manual', 'no read-only port', ['--read-only-port', 'readOnlyPort'], flag => equals(flag, '0')),
  mayBeUnset('4.2.5', 'manual', 'idle streams end', ['--streaming-connection-idle-timeout', 'streamingConnectionIdleTimeout'], flag =>
    differs(flag, '0'),
  ),
  mayBeUnset('4.2.6', 'automated', "kubelet's own packet filter", ['--make-iptables-util-chains', 'makeIPTablesUtilChains'], flag =>
    equals(flag, 'true'),
  ),
  kubelet('4.2.7', 'manual', "the machine's own host name", [hasNot('--hostname-override')]),
  mayBeUnset('4.2.8', 'manual', 'events are recorded', ['--event-qps', 'eventRecordQPS'], flag => atLeast(flag, 0)),
  kubelet('4.2.9', 'manual', 'a serving certificate', [
    setting(has, ['--tls-cert-file', 'tlsCertFile']),
    setting(has, ['--tls-private-key-file', 'tlsPrivateKeyFile']),
  ]),
  mayBeUnset('4.2.10', 'automated', 'client certificates rotate', ['--rotate-certificates', 'rotateCertificates'], flag =>
    equals(flag, 'true'),
  ),
  mayBeUnset(
    '4.2.11',
    'manual',
    'serving certificates rotate',
    ['RotateKubeletServerCertificate', 'featureGates.RotateKubeletServerCertificate'],
    flag => lacks(flag, 'false'),
  ),
  must('4.2.12', 'manual', 'strong cipher suites only', ['--tls-cipher-suites', 'tlsCipherSuites'], flag => only(flag, STRONG_SUITES)),
  must('4.2.13', 'manual', 'a limit for processes of a pod', ['--pod-max-pids', 'podPidsLimit'], has),
  must('4.2.14', 'manual', 'a seccomp profile by default', ['--seccomp-default', 'seccompDefault'], has),
];

const METRICS: Setting = ['--metrics-bind-address', 'metricsBindAddress'];

export const NODE_RULES: readonly Rule[] = [
  ...FILE_RULES,
  ...KUBELET_RULES,
  rule(
    '4.3.1',
    'automated',
    "kube-proxy's metrics are on loopback",
    KUBE_PROXY,
    [setting(flag => contains(flag, '127.0.0.1'), METRICS), setting(hasNot, METRICS)],
    { configuration: PROXY_KUBECONFIG, join: 'any' },
  ),
];
