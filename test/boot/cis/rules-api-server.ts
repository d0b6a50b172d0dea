// 1.2: flags of kube-apiserver, read from its command line; what stands in a configuration file does not count.
import {
  atLeast,
  contains,
  equals,
  has,
  hasNot,
  judgement,
  type Look,
  lacks,
  lastProvider,
  only,
  processLines,
  type Rule,
  rule,
} from './rule.ts';

const LINES = processLines('kube-apiserver');
const automated = (id: string, wants: string, ...looks: readonly Look[]) => rule(id, 'automated', wants, LINES, looks);
const manual = (id: string, wants: string, ...looks: readonly Look[]) => rule(id, 'manual', wants, LINES, looks);
const anyOf = (id: string, wants: string, ...looks: readonly Look[]) => rule(id, 'automated', wants, LINES, looks, { join: 'any' });

const ENABLED = '--enable-admission-plugins';
const DISABLED = '--disable-admission-plugins';

/** TLS 1.3's three, and with ECDHE what is both forward secret and authenticated. */
const STRONG_SUITES = [
  ...['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256'].map(suite => `TLS_${suite}`),
  ...['ECDSA', 'RSA'].flatMap(key =>
    ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305', 'CHACHA20_POLY1305_SHA256'].map(
      suite => `TLS_ECDHE_${key}_WITH_${suite}`,
    ),
  ),
];

export const API_SERVER_RULES: readonly Rule[] = [
  manual('1.2.1', 'no anonymous requests', equals('--anonymous-auth', 'false')),
  automated('1.2.2', 'no file of static tokens', hasNot('--token-auth-file')),
  manual('1.2.3', 'admission plugin DenyServiceExternalIPs', contains(ENABLED, 'DenyServiceExternalIPs')),
  automated('1.2.4', 'a client certificate for kubelets', has('--kubelet-client-certificate'), has('--kubelet-client-key')),
  automated('1.2.5', "kubelets' certificates are verified", has('--kubelet-certificate-authority')),
  automated('1.2.6', 'authorization is not AlwaysAllow', lacks('--authorization-mode', 'AlwaysAllow')),
  automated('1.2.7', 'authorization by Node', contains('--authorization-mode', 'Node')),
  automated('1.2.8', 'authorization by RBAC', contains('--authorization-mode', 'RBAC')),
  manual('1.2.9', 'admission plugin EventRateLimit', contains(ENABLED, 'EventRateLimit')),
  anyOf('1.2.10', 'not admission plugin AlwaysAdmit', lacks(ENABLED, 'AlwaysAdmit'), hasNot(ENABLED)),
  manual('1.2.11', 'admission plugin AlwaysPullImages', contains(ENABLED, 'AlwaysPullImages')),
  anyOf('1.2.12', 'admission plugin ServiceAccount is not disabled', lacks(DISABLED, 'ServiceAccount'), hasNot(DISABLED)),
  anyOf('1.2.13', 'admission plugin NamespaceLifecycle is not disabled', lacks(DISABLED, 'NamespaceLifecycle'), hasNot(DISABLED)),
  automated('1.2.14', 'admission plugin NodeRestriction', contains(ENABLED, 'NodeRestriction')),
  automated('1.2.15', 'no profiling', equals('--profiling', 'false')),
  automated('1.2.16', 'an audit log', has('--audit-log-path')),
  automated('1.2.17', 'audit logs are kept 30 days', atLeast('--audit-log-maxage', 30)),
  automated('1.2.18', 'ten old audit logs are kept', atLeast('--audit-log-maxbackup', 10)),
  automated('1.2.19', 'an audit log of 100 MB', atLeast('--audit-log-maxsize', 100)),
  judgement('1.2.20', 'a fitting request timeout'),
  anyOf('1.2.21', 'service-account tokens are looked up', hasNot('--service-account-lookup'), equals('--service-account-lookup', 'true')),
  automated('1.2.22', 'a key for service-account tokens', has('--service-account-key-file')),
  automated('1.2.23', 'a client certificate for etcd', has('--etcd-certfile'), has('--etcd-keyfile')),
  automated('1.2.24', 'a serving certificate', has('--tls-cert-file'), has('--tls-private-key-file')),
  automated('1.2.25', "clients' certificates are verified", has('--client-ca-file')),
  automated('1.2.26', "etcd's certificate is verified", has('--etcd-cafile')),
  manual('1.2.27', 'encryption at rest', has('--encryption-provider-config')),
  rule('1.2.28', 'manual', 'a strong provider encrypts', lastProvider, [only('provider', ['aescbc', 'kms', 'secretbox'])]),
  manual('1.2.29', 'strong cipher suites only', only('--tls-cipher-suites', STRONG_SUITES)),
  automated('1.2.30', "service-account tokens' lives are not extended", equals('--service-account-extend-token-expiration', 'false')),
];
