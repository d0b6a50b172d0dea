// The traps of the real benchmark tool, which our evaluator must share: a rule that passes here must pass there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluate } from '../boot/cis/evaluate.ts';
import type { Facts } from '../boot/cis/facts.ts';
import { RULES } from '../boot/cis/rules.ts';
import { KUBELET_CONFIGURATION, KUBELET_UNIT, PROXY_KUBECONFIG } from '../boot/cis/rules-node.ts';

const NOTHING: Facts = { processes: [], etcdEnvironment: [], files: new Map(), contents: new Map() };

function verdict(id: string, facts: Partial<Facts>): string | undefined {
  return evaluate(RULES, { ...NOTHING, ...facts }).get(id);
}

const api = (...words: string[]) => ({ processes: [`kube-ap+ 9 1 0 14:00 ? 00:00:01 /usr/local/bin/kube-apiserver ${words.join(' ')}`] });
const etcd = (...words: string[]) => ({ processes: [`etcd 9 1 0 14:00 ? 00:00:01 /usr/local/bin/etcd ${words.join(' ')}`] });
const kubelet = (configuration: string, ...words: string[]) => ({
  processes: [`root 9 1 0 14:00 ? 00:00:01 /usr/local/bin/kubelet ${words.join(' ')}`],
  contents: new Map([[KUBELET_CONFIGURATION, configuration]]),
});
const kubeProxy = (configuration: string, ...words: string[]) => ({
  processes: [`root 9 1 0 14:00 ? 00:00:01 /usr/local/bin/kube-proxy ${words.join(' ')}`],
  contents: new Map([[PROXY_KUBECONFIG, configuration]]),
});
const files = (...facts: readonly (readonly [path: string, mode: string])[]) => ({
  files: new Map(facts.map(([path, mode]) => [path, { mode, owner: 'root:root', type: 'file' as const }])),
});
const pki = (mode: string) => ({ files: new Map([['/etc/kubernetes/pki/a.key', { mode, owner: 'root:root', type: 'file' as const }]]) });
const encryption = (text: string) => ({
  ...api('--encryption-provider-config=/run/e.yaml'),
  contents: new Map([['/run/e.yaml', text]]),
});

const CASES: readonly (readonly [what: string, id: string, facts: Partial<Facts>, verdict: string])[] = [
  ['without a process nothing passes, not even what must be absent', '1.2.2', {}, 'FAIL'],
  ['a flag that must be absent', '1.2.2', api('--profiling=false'), 'PASS'],
  ['a longer flag that begins with it', '1.2.27', api('--encryption-provider-config-automatic-reload=true'), 'PASS'],
  ['a flag that ends with it', '1.2.25', api('--requestheader-client-ca-file=/a'), 'FAIL'],
  ['a value after a space', '1.2.15', api('--profiling false'), 'PASS'],
  ['a bare boolean flag', '1.2.15', api('--profiling', '--x=y'), 'FAIL'],
  ['booleans whatever their case', '1.2.15', api('--profiling=False'), 'PASS'],
  ['the first of two', '1.2.15', api('--profiling=true', '--profiling=false'), 'FAIL'],
  [
    'another process with the name in its arguments',
    '1.2.15',
    { processes: ['root 1 sh -c kube-apiserver --profiling=true', ...api('--profiling=false').processes] },
    'FAIL',
  ],
  ['a line with the word grep in it', '1.2.15', api('--profiling=false', '--audit-log-path=/var/log/grep'), 'FAIL'],
  ['a configuration file instead of the flag', '1.2.8', api('--authorization-config=/etc/kubernetes/authorization.yaml'), 'FAIL'],
  ['numbers, not text', '1.2.17', api('--audit-log-maxage=100'), 'PASS'],
  ['a number with a unit', '1.2.17', api('--audit-log-maxage=30d'), 'FAIL'],
  ['one weak suite among strong ones', '1.2.29', api('--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_GCM_SHA256'), 'WARN'],
  ['an empty list', '1.2.29', api('--tls-cipher-suites='), 'WARN'],
  ['absent, and absent is right', '1.4.2', { processes: ['kube-sc+ 9 1 /usr/local/bin/kube-scheduler'] }, 'PASS'],
  ["etcd's variable instead of the flag", '2.2', { ...etcd('--name=a'), etcdEnvironment: ['ETCD_CLIENT_CERT_AUTH=true'] }, 'PASS'],
  ['a variable that must not be true', '2.3', { ...etcd('--name=a'), etcdEnvironment: ['ETCD_AUTO_TLS=true'] }, 'FAIL'],
  ["etcd's configuration file", '2.1', etcd('--config-file=/etc/etcd.yaml'), 'FAIL'],
  ['a mode that is less', '1.1.21', pki('400'), 'PASS'],
  ['a mode of a larger number with fewer rights', '1.1.21', pki('500'), 'WARN'],
  ['a set-user-id bit', '1.1.21', pki('4600'), 'WARN'],
  ['no file at all', '1.1.21', {}, 'WARN'],
  [
    'a provider in block style',
    '1.2.28',
    encryption('resources:\n- providers:\n  - secretbox:\n      keys: []\n  - identity: {}\n'),
    'PASS',
  ],
  ['a provider in flow style', '1.2.28', encryption('resources: [{providers: [{secretbox: {keys: []}}]}]\n'), 'WARN'],
  ['the last block counts', '1.2.28', encryption('- providers:\n  - secretbox:\n- providers:\n  - identity: {}\n'), 'WARN'],
  ['aesgcm', '1.2.28', encryption('- providers:\n  - aesgcm:\n'), 'WARN'],
  ['a setting in the file', '4.2.1', kubelet('authentication: { anonymous: { enabled: false } }'), 'PASS'],
  ['the default, where the benchmark wants it said', '4.2.1', kubelet('authentication: {}'), 'FAIL'],
  ['a flag wins over the file', '4.2.1', kubelet('authentication: { anonymous: { enabled: false } }', '--anonymous-auth=true'), 'FAIL'],
  [
    'a flag wins over the file, the other way round',
    '4.2.2',
    kubelet('authorization: { mode: AlwaysAllow }', '--authorization-mode=Webhook'),
    'PASS',
  ],
  ['no such process', '4.2.4', { contents: kubelet('readOnlyPort: 0').contents }, 'WARN'],
  [
    'another process with the name in its arguments',
    '4.2.4',
    { processes: ['root 1 1 0 14:00 ? 00:00:01 /usr/bin/log /var/log/kubelet'] },
    'WARN',
  ],
  ['no file at all', '4.2.4', { processes: kubelet('').processes }, 'PASS'],
  ['a file that is not YAML', '4.2.4', kubelet('readOnlyPort: [0'), 'WARN'],
  ['absent in the file, and absent is right', '4.2.4', kubelet('kind: KubeletConfiguration'), 'PASS'],
  ['one of two files of a pair', '4.2.9', kubelet('tlsCertFile: /a'), 'WARN'],
  ['a list', '4.2.12', kubelet('tlsCipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305]'), 'PASS'],
  ['a suite of TLS 1.3, which 1.2.29 takes', '4.2.12', kubelet('tlsCipherSuites: [TLS_AES_128_GCM_SHA256]'), 'WARN'],
  ['an empty list in the file', '4.2.12', kubelet('tlsCipherSuites: []'), 'WARN'],
  ['present is enough, whatever it says', '4.2.14', kubelet('seccompDefault: false'), 'PASS'],
  ['zero with a unit is not seen', '4.2.5', kubelet('streamingConnectionIdleTimeout: 0s'), 'PASS'],
  ['a feature gate on the command line', '4.2.11', kubelet('', '--feature-gates=RotateKubeletServerCertificate=false'), 'WARN'],
  ['metrics on every address', '4.3.1', kubeProxy('', '--metrics-bind-address=0.0.0.0:10249'), 'FAIL'],
  ['the address in what the benchmark takes for the configuration', '4.3.1', kubeProxy('metricsBindAddress: 0.0.0.0:10249'), 'FAIL'],
  ['neither flag nor file', '4.3.1', kubeProxy(''), 'PASS'],
  ['the unit without drop-ins', '4.1.1', files([KUBELET_UNIT, '600']), 'PASS'],
  ['a drop-in that others can read', '4.1.1', files([KUBELET_UNIT, '600'], [`${KUBELET_UNIT}.d/a.conf`, '644']), 'FAIL'],
  ['a CA file that is not there', '4.1.7', {}, 'WARN'],
  [
    'another CA file on the command line',
    '4.1.7',
    { ...kubelet('', '--client-ca-file=/a/ca.crt'), ...files(['/etc/kubernetes/pki/ca.crt', '644'], ['/a/ca.crt', '664']) },
    'WARN',
  ],
];

describe("the benchmark's way of reading", () => {
  for (const [what, id, facts, wanted] of CASES) it(`${id}: ${what}`, () => assert.equal(verdict(id, facts), wanted));
});
