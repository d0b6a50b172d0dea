import type { Command } from '../command.ts';

export const fetch: Command = {
  words: ['fetch'],
  arguments: [],
  options: [
    { name: 'mirror', kind: 'list', value: 'URL', about: 'take programs from here instead of binaries.url; tried in order' },
    {
      name: 'from',
      kind: 'list',
      value: 'PATH',
      about: 'take from an image archive, a program, or a directory of such, before asking anybody',
    },
    { name: 'offline', kind: 'flag', about: 'ask no mirror and no registry: name what is missing' },
    { name: 'parallel', kind: 'value', value: 'N', about: 'transfers at once, 1 to 32 (default 4)' },
    { name: 'cache-dir', kind: 'value', value: 'DIR', about: 'the artifact store (default ~/.cache/kubekiln/artifacts)' },
  ],
  summary: 'bring all programs and container images that the nodes need into the artifact store',
  about: [
    'Programs come from mirrors (--mirror, else binaries.url, else upstream itself), images from registries and',
    'the mirrors of spec.registries, for the architectures of the nodes; or from archives of docker save, OCI',
    'layouts and files (--from). Everything is checked by the digests that cluster.lock.yaml pins. What it does',
    'not pin yet is trusted this once, and pinned. What is in the store already is not fetched again; what was',
    'interrupted goes on where it stopped. Logins stand in secrets.yaml.',
  ],
  examples: ['kubekiln fetch', 'kubekiln fetch --mirror https://mirror.example.com', 'kubekiln fetch --from /media/stick --offline'],
  next: 'kubekiln bundle create',
  writes: true,
  run: async (invocation, reporter) => (await import('../fetch-artifacts.ts')).fetchAll(invocation, reporter),
};
