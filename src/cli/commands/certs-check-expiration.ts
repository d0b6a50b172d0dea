import type { Command } from '../command.ts';

export const certsCheckExpiration: Command = {
  words: ['certs', 'check-expiration'],
  arguments: [],
  options: [
    { name: 'fail-within', kind: 'value', value: 'DURATION', about: 'exit 3 when a certificate expires within this time, e.g. 720h' },
    { name: 'node', kind: 'value', value: 'NODE', about: 'only the certificates of one node' },
  ],
  summary: 'when each certificate in secrets.yaml expires, first ones first',
  about: ['Reads secrets.yaml beside cluster.yaml. It says what was issued, not what a node runs with.'],
  examples: ['kubekiln certs check-expiration', 'kubekiln certs check-expiration --fail-within 720h -o json'],
  next: 'renew what expires, build, and apply it to the nodes one at a time',
  run: async invocation => (await import('../expiry-report.ts')).reportExpiry(invocation),
};
