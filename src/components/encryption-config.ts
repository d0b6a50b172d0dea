// Encryption at rest: upstream's EncryptionConfiguration, with the key material of secrets.yaml put in.
// https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
import { invariant } from '../bug.ts';
import type { EncryptionProvider, EncryptionRule } from '../spec/cluster.ts';

function provider(entry: EncryptionProvider, secrets: ReadonlyMap<string, string>): object {
  switch (entry.type) {
    case 'identity':
      return { identity: {} };
    case 'kms': {
      const { name, endpoint, timeout } = entry;
      return { kms: { apiVersion: 'v2', name, endpoint, ...(timeout === undefined ? {} : { timeout }) } };
    }
    default: {
      const keys = entry.keys.map(name => {
        const secret = secrets.get(name);
        invariant(secret, `no encryption key named ${name}`);
        return { name, secret };
      });
      return { [entry.type]: { keys } };
    }
  }
}

/** The document that every API server of the cluster must have in the same form, or one cannot read what another wrote. */
export function encryptionConfiguration(rules: readonly EncryptionRule[], secrets: ReadonlyMap<string, string>): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: rules.map(({ resources, providers }) => ({ resources, providers: providers.map(entry => provider(entry, secrets)) })),
  };
}
