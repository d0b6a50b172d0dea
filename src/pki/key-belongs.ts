import { createECDH, type X509Certificate } from 'node:crypto';
import { pemContent } from '../formats/pem.ts';
import { type DerValue, derChildren, readDer, TAG } from './der.ts';
import { readPrivateKey } from './read-key.ts';

/**
 * Whether a PEM key is that of a certificate, for the many leaves of a secrets file: it looks for the key's public half in the certificate, many
 * times as fast as OpenSSL's decoder and check. 'unreadable' when it is not a private key.
 */
export function keyBelongs(certificate: X509Certificate, pem: string): boolean | 'unreadable' {
  const publicHalf = publicHalfOf(pem);
  if (publicHalf !== undefined) return certificate.raw.includes(publicHalf);
  // Not the form that we write; OpenSSL knows more forms.
  const read = readPrivateKey(pem);
  return typeof read === 'object' ? certificate.checkPrivateKey(read.key) : 'unreadable';
}

/** Modulus (RFC 8017, A.1.2) or curve point (RFC 5915) of a PKCS#8 key (RFC 5958). */
function publicHalfOf(pem: string): Buffer | undefined {
  const content = pemContent(pem, 'PRIVATE KEY');
  try {
    const key = content && derChildren(readDer(content))[2];
    const [version, second] = key?.tag === TAG.octetString ? derChildren(readDer(key.content)) : [];
    if (version?.content[0] === 0) return second?.content;
    return second && curvePoint(second);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const CURVES: Readonly<Record<number, string>> = { 32: 'prime256v1', 48: 'secp384r1' };

/** Computed, since the compact form of a key leaves it out. A key of another curve does not meet its point in any certificate of ours. */
function curvePoint({ tag, content }: DerValue): Buffer | undefined {
  const curve = CURVES[content.length];
  if (tag !== TAG.octetString || curve === undefined) return undefined;
  const exchange = createECDH(curve);
  try {
    exchange.setPrivateKey(content);
  } catch {
    // Zero, or not below the order of the curve.
    return undefined;
  }
  return exchange.getPublicKey();
}
