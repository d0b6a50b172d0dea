// Output is validated as well as input: each new certificate is read back by OpenSSL (node:crypto) and compared with what was ordered.
import { type KeyObject, X509Certificate } from 'node:crypto';
import { invariant } from '../bug.ts';
import { fromOpensslDate } from '../clock.ts';
import { USAGE_IDS } from './certificate.ts';
import { ipOctets, opensslAddress } from './ip-octets.ts';
import { pathLengthOf, subjectOf } from './read-certificate.ts';
import type { CertificateRequest } from './request.ts';

export interface LeafExpectation {
  readonly request: CertificateRequest;
  /** DER */
  readonly name: Uint8Array;
  /** DER */
  readonly publicKey: Buffer;
  readonly issuer: X509Certificate;
  readonly issuerKey: KeyObject;
  /** seconds since 1970 */
  readonly notBefore: number;
  /** seconds since 1970 */
  readonly notAfter: number;
}

/** @param certificate DER @throws Bug when it is not exactly what was ordered. */
export function assertLeaf(certificate: Uint8Array, expected: LeafExpectation): void {
  const { request, name, publicKey, issuer, issuerKey, notBefore, notAfter } = expected;
  const leaf = new X509Certificate(certificate);
  const expect = (condition: boolean, what: string) => invariant(condition, `the new certificate ${request.name} has ${what}`);
  expect(leaf.checkIssued(issuer) && leaf.verify(issuerKey), 'no valid signature of its authority');
  expect(subjectOf(leaf).equals(name), 'another subject than ordered');
  expect(leaf.raw.includes(publicKey), 'another public key than its own');
  expect((leaf.subjectAltName ?? '') === printedAlternativeNames(request), 'other alternative names than ordered');
  expect((leaf.keyUsage ?? []).join() === request.usages.map(usage => USAGE_IDS[usage]).join() && !leaf.ca, 'other usages than ordered');
  expect(fromOpensslDate(leaf.validFrom) === notBefore && fromOpensslDate(leaf.validTo) === notAfter, 'another validity than ordered');
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
