// What a schema cannot say about a secrets file: keys that parse, that belong to their certificates, and one active entry in each list.

import { pathText } from '../document-path.ts';
import type { DocumentPath, Problem, ProblemCode } from '../problem.ts';
import { keyBelongs } from './key-belongs.ts';
import { readCertificate } from './read-certificate.ts';
import { publicKeyDer, readPrivateKey, readPublicKey, SUPPORTED_KEYS } from './read-key.ts';
import { AUTHORITY_NAMES, type Entry, type Secrets, type StoredAuthority, type StoredServiceAccountKey } from './secrets.ts';

/** All problems of a secrets file that has the right shape. No message holds a value of it. */
export function checkSecrets(secrets: Secrets, file: string): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (code, path, what, hint) => {
    problems.push({ severity: 'error', code, file, path, message: `${pathText(path)} ${what}`, ...(hint !== undefined && { hint }) });
  };
  for (const name of AUTHORITY_NAMES) {
    const path = ['certificateAuthorities', name];
    checkList(secrets.certificateAuthorities[name], path, report);
    for (const [index, authority] of secrets.certificateAuthorities[name].entries()) checkAuthority(authority, [...path, index], report);
  }
  checkList(secrets.serviceAccountKeys, ['serviceAccountKeys'], report);
  for (const [index, key] of secrets.serviceAccountKeys.entries()) checkServiceAccountKey(key, ['serviceAccountKeys', index], report);
  for (const name of new Set(secrets.encryptionKeys.map(key => key.name))) {
    const keys = secrets.encryptionKeys.filter(key => key.name === name);
    checkList(keys, ['encryptionKeys'], report, ` named ${JSON.stringify(name)}`);
  }
  const hosts = (secrets.registryCredentials ?? []).map(({ host }) => host);
  if (new Set(hosts).size !== hosts.length) report('secrets-invalid', ['registryCredentials'], 'has two entries with the same host');
  for (const [digest, leaf] of Object.entries(secrets.leaves)) checkLeaf(leaf, digest, report);
  return problems;
}

type Report = (code: ProblemCode, path: DocumentPath, what: string, hint?: string) => void;

const RESTORE = 'take both from the same backup';

function checkList(entries: readonly Entry[], path: DocumentPath, report: Report, which = ''): void {
  const active = entries.filter(entry => entry.state === 'active').length;
  if (active !== 1) report('secrets-active-count', path, `has ${active} active entries${which}; exactly one must be`);
  if (new Set(entries.map(entry => entry.id)).size !== entries.length)
    report('secrets-invalid', path, `has two entries with the same id${which}`);
}

function checkAuthority({ certificate, key }: StoredAuthority, path: DocumentPath, report: Report): void {
  const read = readCertificate(certificate);
  if (read === undefined) report('secrets-bad-pem', [...path, 'certificate'], 'is not a certificate in PEM');
  const privateKey = key === undefined ? undefined : checkKey(key, [...path, 'key'], report);
  if (read && privateKey && !read.x509.checkPrivateKey(privateKey.key)) {
    report('secrets-key-mismatch', [...path, 'key'], 'is not the key of the certificate beside it', RESTORE);
  }
}

function checkServiceAccountKey({ publicKey, key, state }: StoredServiceAccountKey, path: DocumentPath, report: Report): void {
  const read = readPublicKey(publicKey);
  if (read === undefined) report('secrets-bad-pem', [...path, 'publicKey'], 'is not a public key in PEM');
  const privateKey = key === undefined ? undefined : checkKey(key, [...path, 'key'], report);
  if (key === undefined && state === 'active') report('secrets-invalid', [...path, 'key'], 'is missing: the active key signs tokens');
  if (read && privateKey && !publicKeyDer(read).equals(publicKeyDer(privateKey.publicKey))) {
    report('secrets-key-mismatch', [...path, 'key'], 'is not the key of the public key beside it', RESTORE);
  }
}

function checkKey(pem: string, path: DocumentPath, report: Report) {
  const read = readPrivateKey(pem);
  if (typeof read === 'object') return read;
  if (read === 'unreadable') report('secrets-bad-pem', path, 'is not a private key in PEM (without a passphrase)');
  else report('secrets-bad-pem', path, `is of a kind that Kubernetes does not take: ${SUPPORTED_KEYS.join(', ')} are`);
  return undefined;
}

function checkLeaf({ certificate, key }: { readonly certificate: string; readonly key: string }, digest: string, report: Report): void {
  const path = ['leaves', digest];
  const read = readCertificate(certificate);
  if (read === undefined) {
    report('secrets-bad-pem', [...path, 'certificate'], 'is not a certificate in PEM', REISSUE);
    return;
  }
  const belongs = keyBelongs(read.x509, key);
  if (belongs === 'unreadable') report('secrets-bad-pem', [...path, 'key'], 'is not a private key in PEM', REISSUE);
  else if (!belongs) report('secrets-key-mismatch', [...path, 'key'], 'is not the key of the certificate beside it', REISSUE);
}

const REISSUE = 'delete this leaf: the next build issues it anew';
