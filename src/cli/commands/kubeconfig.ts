import type { Command } from '../command.ts';

export const kubeconfig: Command = {
  words: ['kubeconfig'],
  arguments: [{ name: 'USER', required: true, many: false }],
  options: [
    { name: 'group', kind: 'list', value: 'GROUP', about: 'group of the user (O of the certificate); may be repeated' },
    { name: 'validity-period', kind: 'value', value: 'DURATION', about: 'how long the certificate is valid (default 8h)' },
    { name: 'super-admin', kind: 'flag', about: 'group system:masters, which no RBAC rule can hold back: for emergencies' },
  ],
  summary: "print a short-lived operator's kubeconfig",
  about: [
    'Issues a client certificate with the CA in secrets.yaml and prints a kubeconfig that holds it.',
    'It is not stored anywhere: a client certificate cannot be revoked, so keep its validity short.',
  ],
  examples: ['kubekiln kubeconfig alice --group ops --validity-period 8h > alice.conf'],
  next: 'kubectl --kubeconfig alice.conf auth whoami',
  run: async (invocation, reporter) => (await import('../operator-kubeconfig.ts')).operatorKubeconfig(invocation, reporter),
};
