import { list, mapping, table, text } from './field.ts';

/** Registries: what containerd reads from its hosts.toml files. https://github.com/containerd/containerd/blob/main/docs/hosts.md */
export const registries = mapping('Container registries.', {
  mirrors: table(
    'registry-host',
    mapping('Where the images of one registry are fetched.', {
      endpoint: list(
        text('https-url', 'A mirror, tried in order before the registry itself; with a path, the path takes the place of /v2.'),
        'Mirrors.',
      ),
      caFile: text('sibling-file', 'Certificate authority of the mirrors (PEM), in a file beside cluster.yaml.', {
        examples: ['harbor-ca.crt'],
      }).optional(),
    }),
    'Mirrors by registry; the key "_default" is for all others.',
  ).default({}),
});

export const containerd = mapping('Settings of containerd.', {
  sandboxImage: text('image', "Image of the pod sandbox; default the pause image that the release's kubeadm names.").optional(),
});

export const proxyEnvironment = mapping('Proxy through which nodes reach registries and mirrors.', {
  httpProxy: text('proxy-url', 'For http.').optional(),
  httpsProxy: text('proxy-url', 'For https.').optional(),
  noProxy: list(
    text('one-line', 'A host, domain or CIDR.', { examples: ['.example.com'] }),
    "Reached without it, beside loopback, the cluster's subnets and its DNS domain.",
  ).default([]),
});
