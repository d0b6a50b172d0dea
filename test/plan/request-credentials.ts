// Credentials in which each certificate reads as the request that it answers (signer, names, usages), so that golden files show what was asked for
// and never random bytes. Keys read as `key of <name>`.
import type { AuthorityName, CertificateRequest, Credentials } from '../../src/pki/request.ts';
import type { Cluster } from '../../src/spec/cluster.ts';

const BORN = 1_800_000_000;

function asText(request: CertificateRequest): string {
  const { authority, commonName, organizations, usages, dnsNames, ipAddresses } = request;
  const lines = [`certificate ${request.name}`, `  issuer ${authority}`, `  CN ${commonName}`];
  for (const name of organizations) lines.push(`  O ${name}`);
  lines.push(`  usages ${usages.join(' ')}`);
  for (const name of dnsNames) lines.push(`  DNS ${name}`);
  for (const address of ipAddresses) lines.push(`  IP ${address}`);
  return `${lines.join('\n')}\n`;
}

export interface RequestCredentialOptions {
  /** The cluster CA's key is elsewhere. */
  readonly offlineSigner?: boolean;
  readonly downloads?: Credentials['downloads'];
  readonly registries?: Credentials['registries'];
}

export function requestCredentials(
  cluster: Cluster,
  requests: readonly CertificateRequest[],
  { offlineSigner = false, downloads = [], registries = [] }: RequestCredentialOptions = {},
): Credentials {
  const authority = (name: AuthorityName, withKey: boolean) => ({
    bundle: `trust bundle of ${name}\n`,
    certificate: `certificate of ${name}\n`,
    ...(withKey && { key: `key of authority ${name}\n` }),
    notAfter: BORN + 10 * cluster.certificateValidity,
  });
  const keys = cluster.encryption.flatMap(rule => rule.providers).flatMap(provider => ('keys' in provider ? provider.keys : []));
  return {
    authorities: {
      kubernetes: authority('kubernetes', !offlineSigner),
      etcd: authority('etcd', true),
      'front-proxy': authority('front-proxy', true),
    },
    serviceAccount: { publicKeys: 'public keys of service accounts\n', signingKey: 'signing key of service accounts\n' },
    encryptionKeys: new Map(keys.map(name => [name, `secret of ${name}`])),
    leaves: new Map(
      requests.map(request => [
        request.name,
        { certificate: asText(request), key: `key of ${request.name}\n`, notBefore: BORN, notAfter: BORN + cluster.certificateValidity },
      ]),
    ),
    etcdClusterToken: `${cluster.name}-token`,
    bootstrapBefore: BORN + cluster.bootstrapWindow,
    nodes: new Map(cluster.nodes.map(node => [node.name, { generation: 1, instance: 1 }])),
    downloads,
    registries,
  };
}
