import type { Command } from '../command.ts';

export const secretsInit: Command = {
  words: ['secrets', 'init'],
  arguments: [],
  options: [
    {
      name: 'from-kubernetes-pki',
      kind: 'value',
      value: 'DIR',
      about: "take the CAs and service-account key of a kubeadm cluster's pki directory",
    },
  ],
  summary: 'create secrets.yaml for a cluster.yaml that has none yet',
  about: [
    'Creates the keys of a cluster whose cluster.yaml came without them. It never replaces a secrets.yaml,',
    'and refuses when cluster.lock.yaml knows a CA already: a new one would be trusted by nobody.',
  ],
  examples: ['kubekiln secrets init -f prod/cluster.yaml'],
  next: 'back up secrets.yaml, then kubekiln build',
  writes: true,
  run: async (invocation, reporter) => (await import('../create-secrets-file.ts')).createSecretsFile(invocation, reporter),
};

export const secretsList: Command = {
  words: ['secrets', 'list'],
  arguments: [],
  options: [],
  summary: 'what secrets.yaml holds: fingerprints and states, never values',
  about: ['Lists certificate authorities, service-account keys and encryption keys with their state and fingerprint.'],
  examples: ['kubekiln secrets list'],
  next: 'kubekiln certs check-expiration',
  run: async invocation => (await import('../secrets-report.ts')).listSecrets(invocation),
};

export const secretsReopenBootstrap: Command = {
  words: ['secrets', 'reopen-bootstrap'],
  arguments: [],
  options: [],
  summary: 'let a cluster whose etcd data is lost everywhere be founded anew',
  about: [
    'Blank nodes found a cluster only within bootstrapWindow of its birth, so that a lost disk is never taken for a new cluster.',
    'This opens a new window with a new etcd cluster token, and raises the generation of every control-plane node.',
    'CAs, certificates and kubeconfigs stay; the new cluster starts empty.',
  ],
  examples: ['kubekiln secrets reopen-bootstrap'],
  next: 'kubekiln build, then boot every control-plane node with an empty disk and its new payload',
  writes: true,
  run: async invocation => (await import('../reopen-bootstrap.ts')).reopenBootstrapOnDisk(invocation),
};
