// X.509 certificates (RFC 5280, 4.1) as bytes. Names come as finished DER (names.ts); what comes out is checked in assert-issued.ts.
import { toRfc3339 } from '../clock.ts';
import { randomOctets } from '../random.ts';
import { bitString, der, objectIdentifier, TAG } from './der.ts';
import type { KeyUsage } from './request.ts';
import type { Signer } from './signer.ts';

/** seconds since 1970 */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface CertificateParts {
  /** DER, Name */
  readonly subject: Buffer;
  /** DER, Name */
  readonly issuer: Buffer;
  /** DER, SubjectPublicKeyInfo */
  readonly publicKey: Buffer;
  readonly validity: Validity;
  /** DER of each, in order. */
  readonly extensions: readonly Buffer[];
}

/** DER of a certificate, version 3, with a random serial number. */
export function signCertificate({ subject, issuer, publicKey, validity, extensions }: CertificateParts, signer: Signer): Buffer {
  const body = der(
    TAG.sequence,
    VERSION_3,
    serialNumber(),
    signer.algorithm,
    issuer,
    der(TAG.sequence, time(validity.notBefore), time(validity.notAfter)),
    subject,
    publicKey,
    der(0xa3, der(TAG.sequence, ...extensions)),
  );
  return der(TAG.sequence, body, signer.algorithm, bitString(signer.sign(body)));
}

const VERSION_3 = der(0xa0, der(TAG.integer, Buffer.from([2])));

/** 9 octets: positive, never zero, 70 random bits (RFC 5280, 4.1.2.2): no two of an authority are alike, and user-data counts bytes. */
function serialNumber(): Buffer {
  const octets = randomOctets(9);
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return der(TAG.integer, octets);
}

/** UTCTime through 2049, GeneralizedTime after it (RFC 5280, 4.1.2.5). */
function time(seconds: number): Buffer {
  const digits = toRfc3339(seconds).replace(/[-:T]/g, '');
  return digits < '2050' ? der(TAG.utcTime, Buffer.from(digits.slice(2))) : der(TAG.generalizedTime, Buffer.from(digits));
}

// The last arcs below id-ce (2.5.29), RFC 5280, 4.2.1
const EXTENSIONS = {
  subjectKeyIdentifier: 14,
  keyUsage: 15,
  subjectAlternativeName: 17,
  basicConstraints: 19,
  authorityKeyIdentifier: 35,
  extendedKeyUsage: 37,
} as const;
const CRITICAL = der(TAG.boolean, Buffer.from([0xff]));

function extension(name: keyof typeof EXTENSIONS, value: Buffer, critical = false): Buffer {
  const id = objectIdentifier(`2.5.29.${EXTENSIONS[name]}`);
  return der(TAG.sequence, id, ...(critical ? [CRITICAL] : []), der(TAG.octetString, value));
}

/** An authority that may sign leaves only (path length 0). */
export const AUTHORITY_CONSTRAINTS = extension('basicConstraints', der(TAG.sequence, CRITICAL, der(TAG.integer, Buffer.from([0]))), true);

export const LEAF_CONSTRAINTS = extension('basicConstraints', der(TAG.sequence), true);

// RFC 5280, 4.2.1.3: bits from the highest; trailing zeros are left out.
export const SIGNS_CERTIFICATES_AND_CRLS = extension('keyUsage', bitString(Buffer.from([0b0000_0110]), 1), true);
export const SIGNS = extension('keyUsage', bitString(Buffer.from([0b1000_0000]), 7), true);
export const SIGNS_AND_ENCIPHERS_KEYS = extension('keyUsage', bitString(Buffer.from([0b1010_0000]), 5), true);

/** RFC 5280, 4.2.1.12 */
export const USAGE_IDS: Readonly<Record<KeyUsage, string>> = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' };

export function extendedKeyUsage(usages: readonly KeyUsage[]): Buffer {
  return extension('extendedKeyUsage', der(TAG.sequence, ...usages.map(usage => objectIdentifier(USAGE_IDS[usage]))));
}

export function subjectKeyIdentifier(identifier: Buffer): Buffer {
  return extension('subjectKeyIdentifier', der(TAG.octetString, identifier));
}

export function authorityKeyIdentifier(identifier: Buffer): Buffer {
  return extension('authorityKeyIdentifier', der(TAG.sequence, der(0x80, identifier)));
}

/** @param names DER of the names (names.ts) */
export function subjectAlternativeName(names: Buffer): Buffer {
  return extension('subjectAlternativeName', names);
}
