import type { Command, OptionSpec } from '../command.ts';

const ARCHITECTURES: OptionSpec = {
  name: 'arch',
  kind: 'list',
  value: 'ARCH,...',
  choices: ['amd64', 'arm64'],
  about: 'only for these architectures (default: those of the nodes)',
};

export const bundleCreate: Command = {
  words: ['bundle', 'create'],
  arguments: [],
  options: [
    ARCHITECTURES,
    { name: 'out', kind: 'value', value: 'FILE', about: 'file to write (default: <cluster>-bundle.tar beside out/)' },
    { name: 'cache-dir', kind: 'value', value: 'DIR', about: 'artifact store (default: ~/.cache/kubekiln/artifacts)' },
    {
      name: 'compress',
      kind: 'value',
      value: 'HOW',
      choices: ['gzip', 'zstd', 'none'],
      about: 'for what is not compressed already (default gzip)',
    },
    { name: 'sign-key', kind: 'value', value: 'FILE', about: "sign it with this key of OpenSSH: FILE.sig, for anybody's ssh-keygen" },
    {
      name: 'with-identity',
      kind: 'value',
      value: 'NODE',
      about: "also write the node's own payload, encrypted, for a stick of that node",
    },
    { name: 'recipient', kind: 'list', value: 'AGE1...', about: 'who can decrypt that: recipients of age' },
  ],
  summary: 'one file with everything that the nodes fetch otherwise, for a room without a network',
  about: [
    'Writes the runtime archive, programs and images that cluster.yaml and cluster.lock.yaml name into one tar',
    'file, from the artifact store that kubekiln fetch filled. It contacts nobody, and needs no secrets.yaml:',
    'the bundle holds nothing of a node. The same input gives the same bytes.',
  ],
  examples: ['kubekiln bundle create', 'kubekiln bundle create --out /media/stick/prod-bundle.tar --sign-key ~/.ssh/id_ed25519'],
  next: 'kubekiln bundle verify FILE; copy it to a file system with the label KUBEKILN',
  writes: true,
  run: async (invocation, reporter) => (await import('../bundle-create.ts')).createAndReport(invocation, reporter),
};

export const bundleVerify: Command = {
  words: ['bundle', 'verify'],
  arguments: [{ name: 'FILE', required: true, many: false }],
  options: [
    ARCHITECTURES,
    {
      name: 'allowed-signers',
      kind: 'value',
      value: 'FILE',
      about: 'who may sign it, as ssh-keygen(1) has it: the signature is checked too',
    },
    { name: 'identity', kind: 'value', value: 'WHO', about: 'who of them must have signed it' },
    { name: 'signature', kind: 'value', value: 'FILE', about: 'the signature (default: FILE.sig)' },
  ],
  summary: 'check every byte of a bundle, and that nothing which the cluster needs is missing',
  about: [
    'Reads the whole bundle: digests of every member and of every blob of an image, sizes, architectures.',
    'With a cluster.yaml (here, or by -f) it names whatever that cluster needs and the bundle lacks, with what',
    'refers to it. It extracts nothing and writes nothing.',
  ],
  examples: [
    'kubekiln bundle verify prod-bundle.tar',
    'kubekiln bundle verify prod-bundle.tar --allowed-signers signers --identity ops@example.com',
  ],
  next: 'carry it to the nodes',
  run: async (invocation, reporter) =>
    (await import('../bundle-verify.ts')).verifyBundleAndReport(invocation.positionals[0] ?? '', invocation, reporter),
};

export const bundleInspect: Command = {
  words: ['bundle', 'inspect'],
  arguments: [{ name: 'FILE', required: true, many: false }],
  options: [],
  summary: 'what is in a bundle: programs, images, sizes, digests',
  about: ['Reads the index of the bundle and the headers of its members, not their content.'],
  examples: ['kubekiln bundle inspect prod-bundle.tar', 'kubekiln bundle inspect prod-bundle.tar -o json'],
  next: 'kubekiln bundle verify checks every byte',
  run: async invocation => (await import('../bundle-inspect.ts')).inspectBundleAndReport(invocation.positionals[0] ?? ''),
};
