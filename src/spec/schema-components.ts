import { list, mapping, port, text, upstream } from './field.ts';
import { admissionPlugins } from './schema-admission.ts';
import { defragmentation, snapshots } from './schema-etcd-care.ts';

export const extraArg = mapping('One flag.', {
  name: text('flag-name', 'Flag without the leading dashes.'),
  value: text('one-line', 'Its value, always a text: quote numbers and booleans.', { examples: ['2h'] }),
});

const extraEnv = mapping('One environment variable.', {
  name: text('environment-name', 'Name of the variable.'),
  value: text('one-line', 'Its value.', { examples: ['2GiB'] }),
});

const settings = (process: string) => ({
  extraArgs: list(extraArg, `More flags for ${process}, or other values for those that kubekiln sets.`).default([]),
  extraEnvs: list(extraEnv, `Environment variables for ${process}.`).default([]),
});

/** A control-plane process that has nothing but flags and environment. */
export function component(process: string) {
  return mapping(`Settings of ${process}.`, settings(process));
}

const san = text('san', 'A DNS name or an IP address.');

/** Keys that name a file beside cluster.yaml which reaches kube-apiserver by a flag. */
export const API_SERVER_FILES = {
  authenticationConfigurationFile: 'authentication-config',
  admissionControlConfigFile: 'admission-control-config-file',
  tracingConfigFile: 'tracing-config-file',
  egressSelectorConfigFile: 'egress-selector-config-file',
} as const;

export const apiServer = mapping('Settings of kube-apiserver.', {
  bindPort: port('Port of kube-apiserver, on all addresses of the node.').default(6443),
  certSANs: list(san, 'More names for the serving certificate of every API server.').default([]),
  ...settings('kube-apiserver'),
  auditPolicy: upstream(
    'Audit policy (audit.k8s.io/v1 Policy), inline. Without one, a compact default: changes are logged, secrets never in full.',
  ).optional(),
  auditPolicyFile: text('sibling-file', 'Audit policy, in a file beside cluster.yaml.').optional(),
  admissionPlugins: admissionPlugins.prefault({}),
  authenticationConfigurationFile: text(
    'sibling-file',
    'AuthenticationConfiguration (--authentication-config), in a file beside cluster.yaml.',
    { examples: ['authentication.yaml'] },
  ).optional(),
  admissionControlConfigFile: text(
    'sibling-file',
    'AdmissionConfiguration (--admission-control-config-file), in a file beside cluster.yaml. What it does not configure, admissionPlugins adds.',
    { examples: ['admission.yaml'] },
  ).optional(),
  tracingConfigFile: text('sibling-file', 'TracingConfiguration (--tracing-config-file), in a file beside cluster.yaml.', {
    examples: ['tracing.yaml'],
  }).optional(),
  egressSelectorConfigFile: text(
    'sibling-file',
    'EgressSelectorConfiguration (--egress-selector-config-file), in a file beside cluster.yaml.',
    { examples: ['egress.yaml'] },
  ).optional(),
});

export const etcd = mapping('Settings of etcd.', {
  local: mapping('etcd on the control-plane nodes (stacked).', {
    dataDir: text('path', 'Directory of etcd; its parent must be on a disk that keeps what it acknowledged.').default('/var/lib/etcd'),
    serverCertSANs: list(san, 'More names for the serving certificate of every etcd member.').default([]),
    peerCertSANs: list(san, 'More names for the peer certificate of every etcd member.').default([]),
    ...settings('etcd'),
    snapshots: snapshots.prefault({}),
    defragmentation: defragmentation.prefault({}),
  }).prefault({}),
});
