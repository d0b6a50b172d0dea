import type { Command } from '../command.ts';

export const status: Command = {
  words: ['status'],
  arguments: [],
  options: [
    { name: 'wait', kind: 'flag', about: 'until every node is Ready' },
    { name: 'timeout', kind: 'value', value: 'DURATION', about: 'how long --wait waits (default 10m)' },
    { name: 'kubeconfig', kind: 'value', value: 'FILE', about: 'whose certificate and servers (default out/<cluster>/admin.conf)' },
    { name: 'out-dir', kind: 'value', value: 'DIR', about: 'directory that gets <cluster>/ (default: out beside cluster.yaml)' },
  ],
  summary: 'how far each node is: Ready, versions, days left of its certificates',
  about: [
    'Asks the running cluster, with admin.conf, and compares with cluster.yaml. Every context of admin.conf is',
    'tried; kubectl is not needed. Certificates are those that servers show and kubelets tell of.',
    'Exit code 0: all nodes of cluster.yaml are Ready; 3: not all; 1: no API server answers.',
  ],
  examples: ['kubekiln status', 'kubekiln status --wait --timeout 15m', 'kubekiln status -o json'],
  next: 'kubectl --kubeconfig out/<cluster>/admin.conf get nodes,pods --all-namespaces',
  run: async (invocation, reporter) => (await import('../status-report.ts')).reportStatus(invocation, reporter),
};
