// Certificates as people read them: openssl's view through node:crypto.
import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { printable } from './finding.ts';

export interface CertificateSummary {
  /** `CN=kube-apiserver, O=…`, in the certificate's order. */
  readonly subject: string;
  readonly issuer: string;
  readonly authority: boolean;
  /** `DNS:localhost`, `IP:10.0.1.11`. */
  readonly names: readonly string[];
  /** serverAuth, clientAuth, or the OID. */
  readonly usages: readonly string[];
  /** `EC prime256v1`, `RSA 2048`. */
  readonly key: string;
  /** RFC 3339, UTC */
  readonly notBefore: string;
  /** RFC 3339, UTC */
  readonly notAfter: string;
  /** SHA-256 of the DER, in hex. */
  readonly fingerprint: string;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g;
const MAX_CERTIFICATES = 100;
/** RFC 5280, 4.2.1.12 */
const USAGES: Readonly<Record<string, string>> = { '1.3.6.1.5.5.7.3.1': 'serverAuth', '1.3.6.1.5.5.7.3.2': 'clientAuth' };

/** Each certificate of a PEM text, in order; undefined stands for one that cannot be parsed. */
export function certificatesIn(text: string): readonly (X509Certificate | undefined)[] {
  return (text.match(BLOCK) ?? []).slice(0, MAX_CERTIFICATES).map(pem => {
    try {
      return new X509Certificate(pem);
    } catch {
      return undefined;
    }
  });
}

export function summarize(certificate: X509Certificate): CertificateSummary {
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    authority: certificate.ca,
    names: (certificate.subjectAltName ?? '')
      .split(', ')
      .filter(name => name !== '')
      .map(name => printable(name.replace(/^IP Address:(.*)$/, (_whole, address: string) => `IP:${shortAddress(address)}`))),
    usages: usagesOf(certificate),
    key: keyOf(certificate),
    notBefore: rfc3339(notBeforeOf(certificate)),
    notAfter: rfc3339(notAfterOf(certificate)),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

export function usagesOf(certificate: X509Certificate): readonly string[] {
  // node's types leave out that a certificate may have none
  const oids: readonly string[] | undefined = certificate.keyUsage;
  return (oids ?? []).map(oid => USAGES[oid] ?? oid);
}

/** seconds since 1970 */
export function notBeforeOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validFrom) / 1000;
}

/** seconds since 1970 */
export function notAfterOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo) / 1000;
}

/** `2027-11-22T00:00:00Z` */
export function rfc3339(seconds: number): string {
  return Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString().replace('.000Z', 'Z') : 'unknown';
}

/** OpenSSL writes IPv6 addresses in full. */
function shortAddress(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

function nameOf(lines: string | undefined): string {
  return printable((lines ?? '').split('\n').join(', '));
}

function keyOf(certificate: X509Certificate): string {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    return `${asymmetricKeyType?.toUpperCase() ?? ''} ${asymmetricKeyDetails?.namedCurve ?? asymmetricKeyDetails?.modulusLength ?? ''}`.trim();
  } catch {
    return 'unknown';
  }
}
