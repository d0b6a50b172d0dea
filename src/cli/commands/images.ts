import type { Command } from '../command.ts';

export const imagesList: Command = {
  words: ['images', 'list'],
  arguments: [],
  options: [],
  summary: 'every program and container image that the nodes need, with its digest',
  about: [
    'Lists what cluster.yaml needs from outside: programs with version, architecture and upstream address,',
    'container images, and the SHA-256 that cluster.lock.yaml pins. It needs no secrets and contacts nobody.',
  ],
  examples: ['kubekiln images list', 'kubekiln images list -o json'],
  next: 'kubekiln images pin, for what has no digest yet',
  run: async invocation => (await import('../images-report.ts')).listImages(invocation),
};

export const imagesPin: Command = {
  words: ['images', 'pin'],
  arguments: [],
  options: [
    { name: 'image', kind: 'list', value: 'IMAGE=DIGEST', about: 'pin an image: registry.k8s.io/pause:3.10=sha256:…' },
    { name: 'dry-run', kind: 'flag', about: 'say what would be pinned, write nothing' },
  ],
  summary: 'pin the SHA-256 of what nodes download, as the mirror has it, in cluster.lock.yaml',
  about: [
    'Reads from binaries.url, for each program without a digest, FILE.sha256 or else the file itself, and writes',
    'the digest into cluster.lock.yaml. The mirror is trusted this once: compare the digests with upstream.',
    'A digest that is pinned stays; delete its entry to pin it anew.',
  ],
  examples: ['kubekiln images pin', 'kubekiln images pin --dry-run'],
  next: 'kubekiln build',
  writes: true,
  run: async (invocation, reporter) => (await import('../pin-images.ts')).pinImages(invocation, reporter),
};
