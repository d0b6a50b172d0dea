import type { Command } from '../command.ts';

export const inspect: Command = {
  words: ['inspect'],
  arguments: [{ name: 'FILE', required: true, many: false }],
  options: [{ name: 'show', kind: 'value', value: 'PATH', about: 'print one file of it; secrets are redacted' }],
  summary: 'what is inside a user-data, seed.iso, node.tar.gz, directory or offline bundle',
  about: ['Lists every file with mode, size and digest, and decodes certificates. Secrets are redacted.'],
  examples: ['kubekiln inspect out/prod/nodes/cp-1/user-data.gz', 'kubekiln inspect out/prod/nodes/cp-1/seed.iso --show user-data'],
  next: 'kubekiln verify checks that everything in it fits together',
  run: async invocation => (await import('../inspect-report.ts')).inspectAndReport(invocation),
};
