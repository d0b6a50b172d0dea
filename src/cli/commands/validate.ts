import type { Command } from '../command.ts';

export const validate: Command = {
  words: ['validate'],
  arguments: [],
  options: [{ name: 'strict', kind: 'flag', about: 'warnings are errors' }],
  summary: 'check cluster.yaml alone; -o yaml prints every default resolved',
  about: [
    'Reads cluster.yaml and the files it names, and tells every problem at once with file, line and column.',
    'Needs no secrets.yaml and writes nothing.',
  ],
  examples: ['kubekiln validate --strict', 'kubekiln validate -o yaml', 'cat cluster.yaml | kubekiln validate -f -'],
  next: 'kubekiln build',
  run: async (invocation, reporter) => (await import('../validate-report.ts')).validateAndReport(invocation, reporter),
};
