import type { Command } from '../command.ts';

export const init: Command = {
  words: ['init'],
  arguments: [{ name: 'NAME', required: false, many: false }],
  options: [
    {
      name: 'control-plane',
      kind: 'list',
      value: 'IP,...',
      about: 'addresses of the control-plane nodes (default: three examples to edit)',
    },
    { name: 'worker', kind: 'list', value: 'IP,...', about: 'addresses of the workers' },
    { name: 'kubernetes-version', kind: 'value', value: 'VERSION', about: 'Kubernetes release (default: the newest that kubekiln knows)' },
    { name: 'platform', kind: 'value', value: 'PLATFORM', about: 'where the nodes run: its size limit counts, e.g. aws, nocloud' },
    {
      name: 'from-kubernetes-pki',
      kind: 'value',
      value: 'DIR',
      about: "take the CAs and service-account key of a kubeadm cluster's pki directory",
    },
  ],
  summary: 'start a cluster: cluster.yaml, secrets.yaml, cluster.lock.yaml, .gitignore',
  about: [
    'Writes a commented cluster.yaml and creates the keys of the cluster: this is where its certificate',
    'authorities are born. Nothing that exists is overwritten. NAME defaults to "dev".',
    'Commit cluster.yaml and cluster.lock.yaml; keep secrets.yaml (0600) out of git and in a backup.',
  ],
  examples: [
    'kubekiln init prod --control-plane 10.0.1.11,10.0.1.12,10.0.1.13',
    'kubekiln init old -f old/cluster.yaml --from-kubernetes-pki /etc/kubernetes/pki',
  ],
  next: 'edit cluster.yaml (kubekiln explain spec lists the fields), then kubekiln build',
  writes: true,
  run: async (invocation, reporter) => (await import('../create-project.ts')).createProject(invocation, reporter),
};
