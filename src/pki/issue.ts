// Issues certificates: one generic function for authorities, one for leaves. The only module that loads @peculiar/x509, and only when called.
import { webcrypto } from 'node:crypto';
import type { Extension } from '@peculiar/x509';
import { invariant } from '../bug.ts';
import { dateOf } from '../clock.ts';
import { randomOctets } from '../random.ts';
import type { KeyAlgorithm, Subject } from '../spec/cluster.ts';
import { assertAuthority, assertLeaf } from './assert-issued.ts';
import { generateKey } from './generate-key.ts';
import { mapInFlight } from './in-flight.ts';
import { encodeAlternativeNames, encodeName } from './names.ts';
import { toPem } from './pem.ts';
import { keyIdentifier, keyIdentifierOf, readCertificate, subjectOf } from './read-certificate.ts';
import type { CertificateRequest, KeyPair, KeyUsage } from './request.ts';
import { importSigner, type Signer } from './signer.ts';

/** seconds since 1970 */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface LeafOrder extends Validity {
  readonly request: CertificateRequest;
  /** PEM of the authority that signs, with its key. */
  readonly issuer: { readonly certificate: string; readonly key: string };
  readonly subject: Subject;
  readonly algorithm: KeyAlgorithm;
}

// RFC 5280, 4.2.1.12 and 4.2.1.6
const USAGE_IDS: Readonly<Record<KeyUsage, string>> = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' };
const ALTERNATIVE_NAMES_ID = '2.5.29.17';

// More keeps no core busier, and each one in flight holds buffers.
const IN_FLIGHT = 16;

/** A new self-signed authority that may sign leaves only (path length 0). */
export async function issueAuthority(commonName: string, subject: Subject, algorithm: KeyAlgorithm, validity: Validity): Promise<KeyPair> {
  const x509 = await loadLibrary();
  const { publicKey, privateKey } = await generateKey(algorithm);
  const name = encodeName(subject, commonName);
  const identifier = keyIdentifier(publicKey).toString('hex');
  const certificate = await sign({ subject: name, issuer: name, publicKey, signer: await importSigner(privateKey), validity }, [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    new x509.SubjectKeyIdentifierExtension(identifier),
    new x509.AuthorityKeyIdentifierExtension(identifier),
  ]);
  assertAuthority(certificate, name);
  return { certificate, key: privateKey, ...validity };
}

/** Issues leaves, each with a key of its own, in the order of the orders. @throws Bug when a finished certificate is not what was ordered. */
export async function issueLeaves(orders: readonly LeafOrder[]): Promise<KeyPair[]> {
  const issuers = new Map<string, Promise<Issuer>>();
  return mapInFlight(orders, IN_FLIGHT, async order => {
    const { certificate, key } = order.issuer;
    const issuer = issuers.get(certificate) ?? prepareIssuer(certificate, key);
    issuers.set(certificate, issuer);
    return issueLeaf(order, await issuer);
  });
}

async function issueLeaf(order: LeafOrder, issuer: Issuer): Promise<KeyPair> {
  const x509 = await loadLibrary();
  const { request, subject, algorithm, notBefore, notAfter } = order;
  const { publicKey, privateKey } = await generateKey(algorithm);
  const name = encodeName(subject, request.commonName, request.organizations);
  const usages = request.usages.map(usage => USAGE_IDS[usage]);
  const alternativeNames = encodeAlternativeNames(request);
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  const extensions: Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    // RFC 8813: an ECDSA key does not encipher keys.
    new x509.KeyUsagesExtension(algorithm.startsWith('RSA') ? digitalSignature | keyEncipherment : digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(usages),
    // No subject key identifier, as on kubeadm's leaves: RFC 5280 (4.2.1.2) demands it of authorities, and a dozen of them would fill 400 bytes of user-data.
    new x509.AuthorityKeyIdentifierExtension(issuer.keyIdentifier),
  ];
  if (alternativeNames) extensions.push(new x509.Extension(ALTERNATIVE_NAMES_ID, false, alternativeNames));
  const parts = { subject: name, issuer: issuer.name, publicKey, signer: issuer.signer, validity: { notBefore, notAfter } };
  const certificate = await sign(parts, extensions);
  assertLeaf(certificate, { request, name, publicKey, issuer: issuer.certificate, usages });
  return { certificate, key: privateKey, notBefore, notAfter };
}

interface Issuer {
  readonly certificate: string;
  /** DER */
  readonly name: Buffer;
  /** hex */
  readonly keyIdentifier: string;
  readonly signer: Signer;
}

async function prepareIssuer(certificate: string, key: string): Promise<Issuer> {
  const read = readCertificate(certificate);
  invariant(read, 'the issuer is not a certificate');
  return {
    certificate,
    name: subjectOf(read.x509),
    keyIdentifier: keyIdentifierOf(read.x509).toString('hex'),
    signer: await importSigner(key),
  };
}

interface Parts {
  /** DER */
  readonly subject: Buffer;
  /** DER */
  readonly issuer: Buffer;
  /** DER */
  readonly publicKey: Buffer;
  readonly signer: Signer;
  readonly validity: Validity;
}

async function sign({ subject, issuer, publicKey, signer, validity }: Parts, extensions: Extension[]): Promise<string> {
  const x509 = await loadLibrary();
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: new x509.Name(subject),
      issuer: new x509.Name(issuer),
      notBefore: dateOf(validity.notBefore),
      notAfter: dateOf(validity.notAfter),
      publicKey,
      signingKey: signer.key,
      signingAlgorithm: signer.algorithm,
      extensions,
    },
    webcrypto,
  );
  return toPem('CERTIFICATE', Buffer.from(certificate.rawData));
}

/** Hex of 16 octets: positive, never zero, 126 random bits (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const octets = randomOctets(16);
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets.toString('hex');
}

async function loadLibrary() {
  // The library's dependency injection needs the metadata API to be there first.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
