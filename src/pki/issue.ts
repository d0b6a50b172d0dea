// Issues certificates: one generic function for authorities, one for leaves.
import type { X509Certificate } from 'node:crypto';
import { invariant } from '../bug.ts';
import { toPem } from '../formats/pem.ts';
import type { KeyAlgorithm, Subject } from '../spec/cluster.ts';
import { assertAuthority, assertLeaf } from './assert-issued.ts';
import * as x509 from './certificate.ts';
import { generateKey } from './generate-key.ts';
import { mapInFlight } from './in-flight.ts';
import { encodeAlternativeNames, encodeName } from './names.ts';
import { keyIdentifier, keyIdentifierOf, readCertificate, subjectOf } from './read-certificate.ts';
import type { CertificateRequest, KeyPair } from './request.ts';
import { type Signer, signerWith } from './signer.ts';

export interface LeafOrder extends x509.Validity {
  readonly request: CertificateRequest;
  /** PEM of the authority that signs, with its key. */
  readonly issuer: { readonly certificate: string; readonly key: string };
  readonly subject: Subject;
  readonly algorithm: KeyAlgorithm;
}

// More keeps no core busier, and each one in flight holds buffers.
const IN_FLIGHT = 16;

/** A new self-signed authority that may sign leaves only (path length 0). */
export async function issueAuthority(
  commonName: string,
  subject: Subject,
  algorithm: KeyAlgorithm,
  validity: x509.Validity,
): Promise<KeyPair> {
  const { publicKey, privateKey } = await generateKey(algorithm);
  const name = encodeName(subject, commonName);
  const identifier = keyIdentifier(publicKey);
  const extensions = [
    x509.AUTHORITY_CONSTRAINTS,
    x509.SIGNS_CERTIFICATES_AND_CRLS,
    x509.subjectKeyIdentifier(identifier),
    x509.authorityKeyIdentifier(identifier),
  ];
  const parts = { subject: name, issuer: name, publicKey, validity, extensions };
  const certificate = toPem('CERTIFICATE', x509.signCertificate(parts, signerWith(privateKey)));
  assertAuthority(certificate, name);
  return { certificate, key: privateKey, ...validity };
}

/** Issues leaves, each with a key of its own, in the order of the orders. @throws Bug when a finished certificate is not what was ordered. */
export async function issueLeaves(orders: readonly LeafOrder[]): Promise<KeyPair[]> {
  const issuers = new Map<string, Issuer>();
  return mapInFlight(orders, IN_FLIGHT, order => {
    const { certificate, key } = order.issuer;
    const issuer = issuers.get(certificate) ?? prepareIssuer(certificate, key);
    issuers.set(certificate, issuer);
    return issueLeaf(order, issuer);
  });
}

/** Kubernetes reads O of a client certificate as a group: the cluster's own O must make nobody a member of one. */
function ownSubject({ usages }: CertificateRequest, { O, ...others }: Subject): Subject {
  return O === undefined || usages.includes('clientAuth') ? others : { ...others, O };
}

async function issueLeaf(order: LeafOrder, issuer: Issuer): Promise<KeyPair> {
  const { request, subject, algorithm, notBefore, notAfter } = order;
  const { publicKey, privateKey } = await generateKey(algorithm);
  const name = encodeName(ownSubject(request, subject), request.commonName, request.organizations);
  const alternativeNames = encodeAlternativeNames(request);
  const extensions = [
    x509.LEAF_CONSTRAINTS,
    // RFC 8813: an ECDSA key does not encipher keys.
    algorithm.startsWith('RSA') ? x509.SIGNS_AND_ENCIPHERS_KEYS : x509.SIGNS,
    x509.extendedKeyUsage(request.usages),
    // No subject key identifier, as on kubeadm's leaves: RFC 5280 (4.2.1.2) demands it of authorities, and a dozen of them would fill 400 bytes of user-data.
    x509.authorityKeyIdentifier(issuer.keyIdentifier),
    ...(alternativeNames ? [x509.subjectAlternativeName(alternativeNames)] : []),
  ];
  const parts = { subject: name, issuer: issuer.name, publicKey, validity: { notBefore, notAfter }, extensions };
  const certificate = x509.signCertificate(parts, issuer.signer);
  assertLeaf(certificate, { request, name, publicKey, issuer: issuer.certificate, issuerKey: issuer.publicKey, notBefore, notAfter });
  return { certificate: toPem('CERTIFICATE', certificate), key: privateKey, notBefore, notAfter };
}

interface Issuer {
  readonly certificate: X509Certificate;
  readonly publicKey: X509Certificate['publicKey'];
  /** DER */
  readonly name: Buffer;
  readonly keyIdentifier: Buffer;
  readonly signer: Signer;
}

function prepareIssuer(pem: string, key: string): Issuer {
  const read = readCertificate(pem);
  invariant(read, 'the issuer is not a certificate');
  const certificate = read.x509;
  return {
    certificate,
    publicKey: certificate.publicKey,
    name: subjectOf(certificate),
    keyIdentifier: keyIdentifierOf(certificate),
    signer: signerWith(key),
  };
}
