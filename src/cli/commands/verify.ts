import type { Command } from '../command.ts';

export const verify: Command = {
  words: ['verify'],
  arguments: [{ name: 'PATH', required: false, many: true }],
  options: [
    { name: 'console-log', kind: 'value', value: 'FILE', about: "read a node's console log instead: which boot stage failed, and why" },
  ],
  summary: 're-read what was built: digests, modes, chains, names, shared keys, expiry',
  about: [
    'Opens the final artifacts as a node would and checks that they fit together: digests, decoding,',
    'file modes, certificate chains, SANs for every endpoint, the same keys everywhere, order of expiry.',
    'PATH is an output directory, one artifact or an offline bundle; default: every cluster in out/ beside',
    'cluster.yaml.',
  ],
  examples: ['kubekiln verify', 'kubekiln verify out/prod', 'kubekiln verify out/prod/nodes/cp-1/seed.iso'],
  next: 'boot the nodes; kubekiln status --wait',
  run: async (invocation, reporter) => (await import('../verify-report.ts')).verifyAndReport(invocation, reporter),
};
