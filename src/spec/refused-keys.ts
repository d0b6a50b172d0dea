// Keys that people bring from kubeadm, or that a later version will have: refused by name, with the reason.

import type { DocumentPath } from '../problem.ts';
import type { ProblemCode } from '../problem-codes.ts';

interface RefusedKey {
  readonly code: Extract<ProblemCode, 'refused-key' | 'not-supported-yet'>;
  /** Where it is meant: a pattern over the path without list indices. */
  readonly at: RegExp;
  readonly reason: string;
  readonly hint?: string;
}

const REFUSED: readonly RefusedKey[] = [
  {
    code: 'refused-key',
    at: /(^|\.)extraVolumes$/,
    reason: 'there are no static pods: every component is a systemd unit and sees the file system of its node',
    hint: 'delete it; a file for kube-apiserver has a key of its own, e.g. apiServer.admissionControlConfigFile',
  },
  { code: 'refused-key', at: /(^|\.)clusterName$/, reason: 'the name of a cluster stands in metadata.name', hint: 'move the name there' },
  {
    code: 'refused-key',
    at: /^(spec\.)?featureGates$/,
    reason: "these are kubeadm's own feature gates, and there is no kubeadm here",
    hint: 'a gate of a component: apiServer.extraArgs: [{name: feature-gates, value: Name=true}]',
  },
  {
    code: 'refused-key',
    at: /\.keys\.secret$/,
    reason: 'key material does not belong into cluster.yaml, which is meant to be committed',
    hint: 'delete it; kubekiln makes the key and keeps it in secrets.yaml',
  },
  { code: 'refused-key', at: /^spec\.etcd\.external$/, reason: 'etcd runs on the control-plane nodes' },
  { code: 'refused-key', at: /^(spec\.)?certificatesDir$/, reason: 'directories on the node have one place', hint: 'spec.paths.pki' },
  { code: 'refused-key', at: /\.kms\.cachesize$/, reason: 'it is an option of KMS v1, which Kubernetes has removed' },
  {
    code: 'refused-key',
    at: /^spec\.(apiServer|controllerManager|scheduler)\.timeoutForControlPlane$|^spec\.timeouts$/,
    reason: 'nothing waits for a control plane here: nodes boot in any order',
    hint: 'waits at first boot: addressWait, clockWait, bootstrapPatience',
  },
  {
    code: 'refused-key',
    at: /^spec\.(registries|downloads|binaries|runtime|containerd)\.(.*\.)?(username|password|auth|auths|identitytoken|token|credentials)$/i,
    reason: 'credentials do not belong into cluster.yaml, which is meant to be committed',
    hint: 'delete it; in secrets.yaml: registryCredentials (images) or downloadCredentials (programs): [{host: harbor.example.com, username: …, password: …}]',
  },
  {
    code: 'refused-key',
    at: /^spec\.nodes\.nodeRegistration\.(criSocket|imagePullPolicy|imagePullSerial|ignorePreflightErrors)$/,
    reason: "it steers kubeadm's own work on a node; containerd is the runtime, at its usual socket",
  },
  {
    code: 'not-supported-yet',
    at: /^spec\.node\.(files|units|commands)$/,
    reason: 'this version sets timeServers, sysctl, modules, swap and firewall only',
    hint: 'delete it for now',
  },
];

export function refusedKey(path: DocumentPath): RefusedKey | undefined {
  const text = path.filter(part => typeof part === 'string').join('.');
  return REFUSED.find(refused => refused.at.test(text));
}
