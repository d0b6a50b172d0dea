import type { Command } from '../command.ts';

export const schema: Command = {
  words: ['schema'],
  arguments: [],
  options: [],
  summary: 'JSON Schema of cluster.yaml, for editors',
  about: ['Prints the JSON Schema that cluster.yaml is checked against.'],
  examples: ['kubekiln schema > kubekiln.schema.json'],
  next: 'point your editor at it: "# yaml-language-server: $schema=kubekiln.schema.json" in cluster.yaml',
  run: async () => {
    const { clusterJsonSchema } = await import('../../spec/json-schema.ts');
    const data = clusterJsonSchema();
    return { text: `${JSON.stringify(data, null, 2)}\n`, data };
  },
};
