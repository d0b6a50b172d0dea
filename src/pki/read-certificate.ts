// Reading certificates, with node:crypto.
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { invariant } from '../bug.ts';
import { fromOpensslDate } from '../clock.ts';
import { type DerValue, der, derChildren, readDer, TAG } from './der.ts';

export interface ReadCertificate {
  readonly x509: X509Certificate;
  /** seconds since 1970 */
  readonly notBefore: number;
  /** seconds since 1970 */
  readonly notAfter: number;
}

/** The certificate in a PEM text, or undefined when it is not one. */
export function readCertificate(pem: string): ReadCertificate | undefined {
  try {
    const x509 = new X509Certificate(pem);
    return { x509, notBefore: fromOpensslDate(x509.validFrom), notAfter: fromOpensslDate(x509.validTo) };
  } catch {
    return undefined;
  }
}

/** The same for PEM that was checked before: `name` says whose. @throws Bug when it is not one. */
export function checkedCertificate(pem: string, name: string): ReadCertificate {
  const read = readCertificate(pem);
  invariant(read, `the certificate of ${name} cannot be read`);
  return read;
}

/** Fingerprint of a public key in PEM. */
export function publicKeyFingerprint(pem: string): string {
  return fingerprint(createPublicKey(pem).export({ type: 'spki', format: 'der' }));
}

/** `sha256:` and the hex digest of DER bytes, of a certificate or of a public key. */
export function fingerprint(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** DER of the subject, byte for byte: what the issuer field of its leaves must repeat. */
export function subjectOf(certificate: X509Certificate): Buffer {
  // version, serialNumber, signature, issuer, validity, subject (RFC 5280, 4.1); all of ours are v3, so that version is present.
  return fieldsOf(certificate)[5]?.raw ?? Buffer.alloc(0);
}

/** Contents of an extension by its last arc below id-ce (2.5.29), or undefined. */
export function extensionOf(certificate: X509Certificate, arc: number): Buffer | undefined {
  const list = fieldsOf(certificate).find(field => field.tag === 0xa3);
  const extensions = list === undefined ? [] : derChildren(readDer(list.content));
  const id = der(TAG.objectIdentifier, Buffer.from([0x55, 0x1d, arc]));
  const found = extensions.find(extension => derChildren(extension)[0]?.raw.equals(id));
  return found && derChildren(found).at(-1)?.content;
}

function fieldsOf(certificate: X509Certificate): DerValue[] {
  const [body] = derChildren(readDer(certificate.raw));
  return body === undefined ? [] : derChildren(body);
}

/** pathLenConstraint of a CA: how many further CAs may stand between it and a leaf; undefined when unlimited. */
export function pathLengthOf(certificate: X509Certificate): number | undefined {
  const value = extensionOf(certificate, 19);
  const limit = value && derChildren(readDer(value)).find(child => child.tag === TAG.integer);
  return limit && Number.parseInt(limit.content.toString('hex'), 16);
}

/** False only for a CA whose keyUsage forbids it to sign certificates (RFC 5280, 4.2.1.3: bit 5). */
export function maySignCertificates(certificate: X509Certificate): boolean {
  const value = extensionOf(certificate, 15);
  return value === undefined || ((readDer(value).content[1] ?? 0) & 0x04) !== 0;
}

/** Key identifier that an issuer announces, or, when it has none, the one that a new one gets. */
export function keyIdentifierOf(certificate: X509Certificate): Buffer {
  const announced = extensionOf(certificate, 14);
  return announced ? readDer(announced).content : keyIdentifier(certificate.publicKey.export({ type: 'spki', format: 'der' }));
}

/**
 * The last 60 bits of SHA-1 over the public key's bits, without tag, length and unused-bits octet, behind 0100 (RFC 5280, 4.2.1.2, method 2): a name,
 * not a protection, that stands in every leaf, and user-data counts bytes.
 */
export function keyIdentifier(publicKey: Uint8Array): Buffer {
  const bits = derChildren(readDer(publicKey))[1]?.content.subarray(1) ?? Buffer.alloc(0);
  const octets = createHash('sha1').update(bits).digest().subarray(-8);
  octets[0] = ((octets[0] ?? 0) & 0x0f) | 0x40;
  return octets;
}
