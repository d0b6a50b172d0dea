// Where certificates and keys stand on a node: kubeadm's names below paths.pki
// (https://kubernetes.io/docs/setup/best-practices/certificates/#certificate-paths).
import { invariant } from '../bug.ts';
import { unwrapped } from '../formats/pem.ts';
import type { AuthorityName, CertificateRequest, KeyPair } from '../pki/request.ts';
import type { PlanContext } from '../plan/node-plan.ts';
import type { Cluster, Node } from '../spec/cluster.ts';
import type { DaemonFile } from './daemon-unit.ts';

const AUTHORITY_STEMS: Record<AuthorityName, string> = { kubernetes: 'ca', etcd: 'etcd/ca', 'front-proxy': 'front-proxy-ca' };

function pkiPath(cluster: Cluster, name: string): string {
  return `${cluster.paths.pki}/${name}`;
}

/** `etcd/ca.crt` is the credential `etcd-ca.crt`: an id cannot hold a slash. */
function credentialId(name: string): string {
  return name.replaceAll('/', '-');
}

/** The trust bundle of an authority. */
export function authorityFile({ cluster, credentials }: PlanContext, authority: AuthorityName): DaemonFile {
  return { content: unwrapped(credentials.authorities[authority].bundle), secret: false, ...authorityPlace(cluster, authority) };
}

/** The signing key of an authority; undefined with an offline signer. */
export function authorityKeyFile({ cluster, credentials }: PlanContext, authority: AuthorityName): DaemonFile | undefined {
  const { key } = credentials.authorities[authority];
  const name = `${AUTHORITY_STEMS[authority]}.key`;
  return key === undefined ? undefined : { id: credentialId(name), path: pkiPath(cluster, name), content: unwrapped(key), secret: true };
}

/** The pair issued for a request of this node. */
export function leaf({ credentials }: PlanContext, request: CertificateRequest): KeyPair {
  const pair = credentials.leaves.get(request.name);
  invariant(pair, `no certificate was issued for ${request.name}`);
  return pair;
}

/** Where a file stands, and what a daemon knows it by. */
type Place = Pick<DaemonFile, 'id' | 'path'>;

/** Where the `leafFiles` of a request `<node>/<stem>` stand. */
export function leafPlaces(cluster: Cluster, stem: string): readonly [certificate: Place, key: Place] {
  const place = (name: string) => ({ id: credentialId(name), path: pkiPath(cluster, name) });
  return [place(`${stem}.crt`), place(`${stem}.key`)];
}

/** Where the `authorityFile` stands. */
export function authorityPlace(cluster: Cluster, authority: AuthorityName): Place {
  const name = `${AUTHORITY_STEMS[authority]}.crt`;
  return { id: credentialId(name), path: pkiPath(cluster, name) };
}

/** Certificate and key of a request `<node>/<stem>`, at `<pki>/<stem>.crt` and `.key`. */
export function leafFiles(context: PlanContext, request: CertificateRequest): readonly [certificate: DaemonFile, key: DaemonFile] {
  const { certificate, key } = leaf(context, request);
  const [certificatePlace, keyPlace] = leafPlaces(context.cluster, request.name.slice(request.name.indexOf('/') + 1));
  return [
    { content: unwrapped(certificate), secret: false, ...certificatePlace },
    { content: unwrapped(key), secret: true, ...keyPlace },
  ];
}

export function serviceAccountFiles({ cluster, credentials }: PlanContext): { readonly public: DaemonFile; readonly signing: DaemonFile } {
  return {
    public: { id: 'sa.pub', path: pkiPath(cluster, 'sa.pub'), content: unwrapped(credentials.serviceAccount.publicKeys), secret: false },
    signing: { id: 'sa.key', path: pkiPath(cluster, 'sa.key'), content: unwrapped(credentials.serviceAccount.signingKey), secret: true },
  };
}

/** A client certificate: no SANs. */
export function clientRequest(
  name: string,
  authority: AuthorityName,
  commonName: string,
  organizations: readonly string[] = [],
): CertificateRequest {
  return { name, authority, commonName, organizations, usages: ['clientAuth'], dnsNames: [], ipAddresses: [] };
}

/** SANs of a daemon that listens on loopback only: its operator's tools reach it there, and by the node's name through a tunnel. */
export function loopbackServerRequest(node: Node, stem: string, commonName: string): CertificateRequest {
  return {
    name: `${node.name}/${stem}`,
    authority: 'kubernetes',
    commonName,
    organizations: [],
    usages: ['serverAuth'],
    dnsNames: [node.name, 'localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
  };
}

/** Splits names as operators write them (`certSANs`) into DNS names and addresses, without duplicates, in order. */
export function subjectAlternativeNames(names: readonly string[]): { dnsNames: readonly string[]; ipAddresses: readonly string[] } {
  const unique = [...new Set(names)];
  const isAddress = (name: string) => name.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(name);
  return { dnsNames: unique.filter(name => !isAddress(name)), ipAddresses: unique.filter(isAddress) };
}
