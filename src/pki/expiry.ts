import { checkedCertificate } from './read-certificate.ts';
import type { AuthorityName } from './request.ts';
import { AUTHORITY_NAMES, type Secrets } from './secrets.ts';

export interface CertificateExpiry {
  /** Name of the request, or id of the authority. */
  readonly name: string;
  /** The authority that signed it; its own for an authority. */
  readonly authority: AuthorityName;
  readonly isAuthority: boolean;
  /** seconds since 1970 */
  readonly notBefore: number;
  /** seconds since 1970 */
  readonly notAfter: number;
}

/** When each certificate of a checked secrets file ends: leaves by name, then the authorities that are not retired. */
export function certificateExpiry(secrets: Secrets): CertificateExpiry[] {
  const authorities = AUTHORITY_NAMES.flatMap(authority =>
    secrets.certificateAuthorities[authority].map(entry => ({ authority, entry, ...checkedCertificate(entry.certificate, entry.id) })),
  );
  const leaves = Object.values(secrets.leaves).flatMap(({ name, certificate }) => {
    const { x509, notBefore, notAfter } = checkedCertificate(certificate, name);
    const issuer = authorities.find(candidate => x509.checkIssued(candidate.x509) && x509.verify(candidate.x509.publicKey));
    return issuer ? [{ name, authority: issuer.authority, isAuthority: false, notBefore, notAfter }] : [];
  });
  return [
    ...leaves.sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...authorities
      .filter(({ entry }) => entry.state !== 'retired')
      .map(({ authority, entry, notBefore, notAfter }) => ({ name: entry.id, authority, isAuthority: true, notBefore, notAfter })),
  ];
}
