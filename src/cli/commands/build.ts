import type { Command } from '../command.ts';

export const build: Command = {
  words: ['build'],
  arguments: [],
  options: [
    { name: 'out-dir', kind: 'value', value: 'DIR', about: 'directory that gets <cluster>/ (default: out beside cluster.yaml)' },
    { name: 'dry-run', kind: 'flag', about: 'plan, issue and check everything, write nothing' },
    { name: 'locked', kind: 'flag', about: 'fail instead of issuing a certificate or changing the lock file' },
  ],
  summary: 'write what the nodes boot from: cluster.yaml + secrets.yaml to out/',
  about: [
    'Reads cluster.yaml, secrets.yaml and cluster.lock.yaml, issues the certificates that are missing, and',
    'writes user-data, seed.iso and node.tar.gz of every node to out/<cluster>/, whole or not at all.',
    'The same input and the same secrets.yaml give the same bytes. It contacts nothing and nobody.',
  ],
  examples: ['kubekiln build', 'kubekiln build -f prod/cluster.yaml --locked'],
  next: 'kubekiln verify, then boot the nodes with out/<cluster>/nodes/<node>/, in any order',
  writes: true,
  run: async (invocation, reporter) => (await import('../build-report.ts')).buildAndReport(invocation, reporter),
};
