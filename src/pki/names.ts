// Names are encoded here, value by value, and never parsed from text: a node may be called `a, O=system:masters`.
import { invariant } from '../bug.ts';
import type { Subject } from '../spec/cluster.ts';
import { der, TAG } from './der.ts';
import { ipOctets } from './ip-octets.ts';
import type { CertificateRequest } from './request.ts';

// The last arc below id-at (2.5.4), RFC 5280, appendix A.1.
const ATTRIBUTES = { CN: 3, C: 6, L: 7, ST: 8, O: 10, OU: 11 } as const;

/**
 * DER of a distinguished name in OpenSSL's order C, ST, L, O…, OU, CN. Kubernetes reads each O as a group and the CN as the user
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates).
 * @throws Bug when the subject's O is one of Kubernetes' own groups: it would make an administrator of every certificate.
 */
export function encodeName(subject: Subject, commonName: string, organizations: readonly string[] = []): Buffer {
  invariant(commonName !== '', 'a certificate without a common name');
  invariant(!/^(system|kubeadm):/.test(subject.O ?? ''), `subject.O ${JSON.stringify(subject.O)} is a group of Kubernetes`);
  const { C, ST, L, O, OU } = subject;
  const groups = O === undefined ? organizations : [O, ...organizations];
  const attributes: [keyof typeof ATTRIBUTES, string | undefined][] = [
    ['C', C],
    ['ST', ST],
    ['L', L],
  ];
  for (const group of groups) attributes.push(['O', group]);
  attributes.push(['OU', OU], ['CN', commonName]);
  return der(TAG.sequence, ...attributes.flatMap(([type, value]) => (value === undefined ? [] : [encodeAttribute(type, value)])));
}

function encodeAttribute(type: keyof typeof ATTRIBUTES, value: string): Buffer {
  const id = der(TAG.objectIdentifier, Buffer.from([0x55, 0x04, ATTRIBUTES[type]]));
  // RFC 5280, 4.1.2.4: PrintableString or UTF8String; Go refuses a PrintableString with any other character.
  const tag = /^[A-Za-z0-9 '()+,./:=?-]+$/.test(value) ? TAG.printableString : TAG.utf8String;
  return der(TAG.set, der(TAG.sequence, id, der(tag, Buffer.from(value, 'utf8'))));
}

/** DER of a SubjectAltName extension (RFC 5280, 4.2.1.6), DNS names first; undefined when there is nothing to name. @throws Bug for what is no host name. */
export function encodeAlternativeNames({
  dnsNames,
  ipAddresses,
}: Pick<CertificateRequest, 'dnsNames' | 'ipAddresses'>): Buffer | undefined {
  if (dnsNames.length + ipAddresses.length === 0) return undefined;
  const hosts = dnsNames.map(name => {
    invariant(/^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name), `${JSON.stringify(name)} is not a DNS name`);
    return der(0x82, Buffer.from(name, 'latin1'));
  });
  return der(TAG.sequence, ...hosts, ...ipAddresses.map(address => der(0x87, ipOctets(address))));
}
