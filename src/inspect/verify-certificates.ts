// Every certificate of one node: found by its path, checked by the rule for that path, against the authorities in the same payload.
import type { X509Certificate } from 'node:crypto';
import { certificatesIn } from './certificates.ts';
import type { Findings } from './checks.ts';
import { finding } from './finding.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { AUTHORITIES, authorityOf, LEAF_RULES } from './leaf-rules.ts';
import { type NodeView, pkiText } from './node-view.ts';
import { fileText } from './payload-view.ts';
import { checkChain, checkKey, checkKeyPair, checkLifetime, checkNames, checkUsages } from './verify-certificate.ts';

/** @param now seconds since 1970 */
export function verifyCertificates(findings: Findings, node: NodeView, now: number): void {
  verifyAuthorities(findings, node, now);
  for (const stem of stemsOf(node)) verifyLeaf(findings, node, stem, now);
  verifyServiceAccount(findings, node);
  for (const { path } of node.payload.files) {
    const text = path.endsWith('.conf') ? fileText(node.payload, path) : undefined;
    if (text !== undefined)
      verifyKubeconfig(findings, `${node.subject}: ${path}`, text, {
        now,
        fallback: pkiText(node, 'ca.crt') ?? '',
        server: apiServer(node),
      });
  }
  if (node.role !== 'control-plane') return;
  const required = Object.entries(LEAF_RULES).flatMap(([stem, rule]) => (rule.required ? [`${stem}.crt`, `${stem}.key`] : []));
  for (const name of [...AUTHORITIES.map(stem => `${stem}.crt`), ...required, 'sa.pub', 'sa.key']) {
    findings.check('payloads', pkiText(node, name) !== undefined, () =>
      finding('payload-incomplete', node.subject, `a control-plane node needs ${name}`),
    );
  }
}

/** The certificate that a node's API server shows. */
export function apiServer(node: NodeView): X509Certificate | undefined {
  return certificatesIn(pkiText(node, 'apiserver.crt') ?? '')[0];
}

/** Certificates of the PKI directory that are no authorities, by path without `.crt`. */
function stemsOf({ payload, pki }: NodeView): readonly string[] {
  const prefix = `${pki}/`;
  const stems = payload.files
    .filter(file => file.path.startsWith(prefix) && file.path.endsWith('.crt'))
    .map(file => file.path.slice(prefix.length, -4));
  return stems.filter(stem => !AUTHORITIES.some(authority => authority === stem));
}

function authorities(node: NodeView, stem: string): readonly X509Certificate[] {
  return certificatesIn(pkiText(node, `${stem}.crt`) ?? '').filter(certificate => certificate !== undefined);
}

function verifyAuthorities(findings: Findings, node: NodeView, now: number): void {
  for (const stem of AUTHORITIES) {
    const text = pkiText(node, `${stem}.crt`);
    if (text === undefined) continue;
    const subject = `${node.subject}: ${node.pki}/${stem}.crt`;
    const found = certificatesIn(text);
    const whole = found.length > 0 && found.every(certificate => certificate?.ca === true);
    if (!findings.check('chains', whole, () => finding('certificate-unreadable', subject, 'it is not a bundle of authorities'))) continue;
    const [active] = authorities(node, stem);
    const key = pkiText(node, `${stem}.key`);
    if (!active) continue;
    checkLifetime(findings, subject, active, now);
    if (key !== undefined) checkKey(findings, subject, active, key);
  }
}

function verifyLeaf(findings: Findings, node: NodeView, stem: string, now: number): void {
  const subject = `${node.subject}: ${node.pki}/${stem}.crt`;
  const [leaf] = certificatesIn(pkiText(node, `${stem}.crt`) ?? '');
  if (!findings.check('chains', leaf !== undefined, () => finding('certificate-unreadable', subject, 'it is not a certificate')) || !leaf)
    return;
  const key = pkiText(node, `${stem}.key`);
  const rule = LEAF_RULES[stem];
  checkChain(findings, subject, leaf, authorities(node, authorityOf(stem)));
  checkLifetime(findings, subject, leaf, now);
  if (key !== undefined) checkKey(findings, subject, leaf, key);
  checkUsages(findings, subject, leaf, rule?.usages ?? []);
  checkNames(findings, subject, leaf, rule?.names?.(node) ?? []);
}

function verifyServiceAccount(findings: Findings, node: NodeView): void {
  const [verifying, signing] = [pkiText(node, 'sa.pub'), pkiText(node, 'sa.key')];
  if (verifying !== undefined && signing !== undefined) checkKeyPair(findings, `${node.subject}: ${node.pki}/sa.key`, verifying, signing);
}

export interface KubeconfigContext {
  /** seconds since 1970 */
  readonly now: number;
  /** PEM of the authority where the kubeconfig refers to a file instead of embedding it. */
  readonly fallback: string;
  /** Certificate of the API server that it dials. */
  readonly server: X509Certificate | undefined;
}

/** Embedded certificates, and that the API server's certificate covers what it dials. */
export function verifyKubeconfig(findings: Findings, subject: string, text: string, { now, fallback, server }: KubeconfigContext): void {
  const kubeconfig = readKubeconfig(text);
  if (!kubeconfig) return;
  const trusted = certificatesIn(kubeconfig.authorities.join('\n') || fallback).filter(certificate => certificate !== undefined);
  for (const pair of kubeconfig.certificates) {
    const [leaf] = certificatesIn(pair.certificate);
    if (
      !findings.check('chains', leaf !== undefined, () =>
        finding('certificate-unreadable', subject, 'its client certificate is damaged'),
      ) ||
      !leaf
    )
      continue;
    checkChain(findings, subject, leaf, trusted);
    checkLifetime(findings, subject, leaf, now);
    checkUsages(findings, subject, leaf, ['clientAuth']);
    if (pair.key !== undefined) checkKey(findings, subject, leaf, pair.key);
  }
  if (server) {
    const hosts = kubeconfig.servers.map(hostOf).filter(host => host !== undefined);
    checkNames(findings, `${subject}: the certificate of the API server that it dials`, server, hosts);
  }
}

/** `10.0.1.11` of `https://10.0.1.11:6443`, IPv6 without brackets. */
export function hostOf(server: string): string | undefined {
  return URL.canParse(server) ? new URL(server).hostname.replace(/^\[|\]$/g, '') : undefined;
}
