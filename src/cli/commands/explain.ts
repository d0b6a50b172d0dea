import type { Command } from '../command.ts';

export const explain: Command = {
  words: ['explain'],
  arguments: [{ name: 'FIELD', required: false, many: false }],
  options: [],
  summary: 'what a field of cluster.yaml means, its type and default',
  about: [
    'FIELD is a path with dots, e.g. spec.networking.podSubnet; without one the top level is shown.',
    'The same texts stand in docs/cluster.md.',
  ],
  examples: ['kubekiln explain spec', 'kubekiln explain spec.nodes.address'],
  next: 'edit cluster.yaml, then kubekiln validate',
  run: async invocation => {
    const { explainField } = await import('../../spec/explain.ts');
    const { text, problem } = explainField(invocation.positionals[0] ?? '');
    if (problem !== undefined) return { problems: [problem] };
    return {
      text: ensureNewline(text ?? ''),
      data: { apiVersion: 'kubekiln/v1alpha1', kind: 'Explanation', field: invocation.positionals[0] ?? '', text: text ?? '' },
    };
  },
};

function ensureNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
