// Output is validated as well as input: each new certificate is read back by OpenSSL (node:crypto) and compared with what was ordered.
import { X509Certificate } from 'node:crypto';
import { invariant } from '../bug.ts';
import { ipOctets, opensslAddress } from './ip-octets.ts';
import { pathLengthOf, subjectOf } from './read-certificate.ts';
import type { CertificateRequest } from './request.ts';

export interface LeafExpectation {
  readonly request: CertificateRequest;
  /** DER */
  readonly name: Uint8Array;
  /** DER */
  readonly publicKey: Buffer;
  /** PEM */
  readonly issuer: string;
  /** Object identifiers of the extended key usages. */
  readonly usages: readonly string[];
}

/** @throws Bug when the certificate is not exactly what was ordered. */
export function assertLeaf(pem: string, { request, name, publicKey, issuer, usages }: LeafExpectation): void {
  const leaf = new X509Certificate(pem);
  const authority = new X509Certificate(issuer);
  const expect = (condition: boolean, what: string) => invariant(condition, `the new certificate ${request.name} has ${what}`);
  expect(leaf.checkIssued(authority) && leaf.verify(authority.publicKey), 'no valid signature of its authority');
  expect(subjectOf(leaf).equals(name), 'another subject than ordered');
  expect(leaf.raw.includes(publicKey), 'another public key than its own');
  expect((leaf.subjectAltName ?? '') === printedAlternativeNames(request), 'other alternative names than ordered');
  expect(leaf.keyUsage.join() === usages.join() && !leaf.ca, 'other usages than ordered');
}

/** @throws Bug when the certificate is not a self-signed authority for leaves. */
export function assertAuthority(pem: string, name: Uint8Array): void {
  const authority = new X509Certificate(pem);
  const sound = authority.ca && pathLengthOf(authority) === 0 && authority.checkIssued(authority) && authority.verify(authority.publicKey);
  invariant(sound && subjectOf(authority).equals(name), 'the new authority is not what was ordered');
}

function printedAlternativeNames({ dnsNames, ipAddresses }: CertificateRequest): string {
  const addresses = ipAddresses.map(address => `IP Address:${opensslAddress(ipOctets(address))}`);
  return [...dnsNames.map(name => `DNS:${name}`), ...addresses].join(', ');
}
