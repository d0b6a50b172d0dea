// Checks of one certificate; which ones apply to it is decided in verify-certificates.ts.
import { createPrivateKey, createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { notAfterOf, notBeforeOf, rfc3339, usagesOf } from './certificates.ts';
import type { Findings } from './checks.ts';
import { finding } from './finding.ts';

const SOON = 30 * 24 * 3600;

/** @param now seconds since 1970 */
export function checkLifetime(findings: Findings, subject: string, certificate: X509Certificate, now: number): void {
  const [from, to] = [notBeforeOf(certificate), notAfterOf(certificate)];
  const valid = findings.check('lifetimes', now <= to, () =>
    finding('certificate-expired', subject, `it ended ${rfc3339(to)}`, 'issue new ones: kubekiln build'),
  );
  findings.check('lifetimes', from <= now, () =>
    finding('certificate-not-yet-valid', subject, `it begins ${rfc3339(from)}`, "is this machine's clock right?"),
  );
  if (!valid) return;
  findings.check('lifetimes', to - now > SOON, () =>
    finding('certificate-expires-soon', subject, `it ends ${rfc3339(to)}`, undefined, 'warning'),
  );
}

/** That one of the authorities issued it, and lives at least as long. */
export function checkChain(
  findings: Findings,
  subject: string,
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
): void {
  const issuer = authorities.find(authority => authority.ca && certificate.checkIssued(authority) && verifies(certificate, authority));
  findings.check('chains', issuer !== undefined, () =>
    finding('certificate-chain', subject, 'it was not issued by the authority beside it'),
  );
  if (!issuer) return;
  findings.check('lifetimes', notAfterOf(certificate) <= notAfterOf(issuer), () =>
    finding(
      'certificate-outlives-authority',
      subject,
      `it ends ${rfc3339(notAfterOf(certificate))}, its authority already ${rfc3339(notAfterOf(issuer))}`,
    ),
  );
}

function verifies(certificate: X509Certificate, authority: X509Certificate): boolean {
  try {
    return certificate.verify(authority.publicKey);
  } catch {
    return false;
  }
}

/** That the key in PEM belongs to it. */
export function checkKey(findings: Findings, subject: string, certificate: X509Certificate, pem: string): void {
  const key = privateKey(pem);
  findings.check('keys', key !== undefined, () => finding('certificate-unreadable', subject, 'its key is not a private key in PEM'));
  if (key)
    findings.check('keys', certificate.checkPrivateKey(key), () =>
      finding('certificate-key-mismatch', subject, 'its key belongs to another certificate'),
    );
}

/** That the public key in PEM is the one of the private key. */
export function checkKeyPair(findings: Findings, subject: string, publicPem: string, privatePem: string): void {
  const [own, key] = [publicKey(publicPem), privateKey(privatePem)];
  findings.check('keys', own !== undefined && key !== undefined && createPublicKey(key).equals(own), () =>
    finding('certificate-key-mismatch', subject, 'the private key does not belong to the first public key'),
  );
}

function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function publicKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

export function checkUsages(findings: Findings, subject: string, certificate: X509Certificate, wanted: readonly string[]): void {
  const usages = usagesOf(certificate);
  for (const usage of wanted)
    findings.check('chains', usages.includes(usage), () => finding('certificate-usage', subject, `it is not good for ${usage}`));
}

/** That clients accept it under each of these names and addresses. */
export function checkNames(findings: Findings, subject: string, certificate: X509Certificate, names: readonly string[]): void {
  for (const name of new Set(names)) {
    findings.check('names', covers(certificate, name), () =>
      finding('certificate-names', subject, `it does not cover ${name}`, 'certSANs adds names that only you know'),
    );
  }
}

function covers(certificate: X509Certificate, name: string): boolean {
  // Go ignores the subject; so must this
  return (isIP(name) === 0 ? certificate.checkHost(name, { subject: 'never' }) : certificate.checkIP(name)) !== undefined;
}
