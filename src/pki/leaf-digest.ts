import { createHash } from 'node:crypto';
import type { KeyAlgorithm, Subject } from '../spec/cluster.ts';
import type { CertificateRequest } from './request.ts';

/** What decides, beside the request, how a leaf looks. */
export interface LeafPolicy {
  readonly algorithm: KeyAlgorithm;
  /** seconds */
  readonly validity: number;
  /** seconds */
  readonly notBeforeSkew: number;
  readonly subject: Subject;
  /** Fingerprint of the certificate that signs. */
  readonly issuer: string;
}

/**
 * The name under which a leaf is stored: hex SHA-256 over request and policy. A request that changes (an added SAN, another CA) gets another
 * digest, so that leaf is issued anew and every other one stays. The order of the fields is part of the file format.
 */
export function leafDigest(request: CertificateRequest, policy: LeafPolicy): string {
  const { name, authority, commonName, organizations, usages, dnsNames, ipAddresses } = request;
  const { C, ST, L, O, OU } = policy.subject;
  const canonical = JSON.stringify([
    ['request', name, authority, commonName, organizations, usages, dnsNames, ipAddresses],
    ['policy', policy.algorithm, policy.validity, policy.notBeforeSkew, [C, ST, L, O, OU].map(value => value ?? null), policy.issuer],
  ]);
  return createHash('sha256').update(canonical).digest('hex');
}
