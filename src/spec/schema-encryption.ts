import { choice, list, mapping, text } from './field.ts';

const keyed = (cipher: string) =>
  mapping(`${cipher}: keys by name; their values live in secrets.yaml.`, {
    keys: list(
      mapping('One key.', { name: text('key-name', 'Name of the key: stored with every value that it encrypts.') }),
      'The first one writes, all of them read.',
    ),
  }).optional();

/** Upstream's EncryptionConfiguration without key material: https://kubernetes.io/docs/reference/config-api/apiserver-config.v1/ */
export const encryptionConfiguration = mapping(
  'Encryption at rest (upstream EncryptionConfiguration, without key material). Default: secretbox on secrets, with a key named key1.',
  {
    apiVersion: choice(['apiserver.config.k8s.io/v1'], "Upstream's, may be left out.").optional(),
    kind: choice(['EncryptionConfiguration'], "Upstream's, may be left out.").optional(),
    resources: list(
      mapping('What is encrypted, and how.', {
        resources: list(
          text('resource', 'A resource, or a wildcard.'),
          'Resources: secrets, configmaps, deployments.apps, *.apps, *. (core), *.*',
        ),
        providers: list(
          mapping('Exactly one provider.', {
            secretbox: keyed('XSalsa20-Poly1305'),
            aescbc: keyed('AES-CBC (weak: open to padding oracles)'),
            aesgcm: keyed('AES-GCM (only with a rotation every 200,000 writes)'),
            kms: mapping('A KMS v2 plugin, reached by a socket on the node.', {
              apiVersion: choice(['v2'], 'Version of the KMS protocol; v1 is gone.').default('v2'),
              name: text('key-name', 'Name of the plugin.', { examples: ['vault'] }),
              endpoint: text('kms-endpoint', 'Its socket.'),
              timeout: text('duration', 'Limit of one call.', { examples: ['3s'] }).optional(),
            }).optional(),
            identity: mapping('No encryption: to read what was written before.', {}).optional(),
          }),
          'The first one writes, all of them read.',
        ),
      }),
      'Rules; a resource belongs to the first that names it.',
    ),
  },
);
