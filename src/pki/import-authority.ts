// One authority of a kubeadm pki/ directory: a certificate file, and a key file unless it is kept elsewhere.
import { toDay, toRfc3339 } from '../clock.ts';
import { pemBlocks } from '../formats/pem.ts';
import type { Problem, ProblemCode } from '../problem.ts';
import { maySignCertificates, pathLengthOf, type ReadCertificate, readCertificate } from './read-certificate.ts';
import { type PrivateKey, readPrivateKey, SUPPORTED_KEYS, supportedKey } from './read-key.ts';
import type { AuthorityName } from './request.ts';
import type { StoredAuthority } from './secrets.ts';

/** A file of the directory; without `text` it is not there, or could not be read: then `failure` is the system's code. */
export interface ImportedFile {
  readonly name: string;
  readonly text: string | undefined;
  readonly failure?: string;
}

export interface ImportedAuthority {
  /** The first certificate signs; further ones in the file (an older authority, a root above it) stay trusted. */
  readonly entries: readonly StoredAuthority[];
  readonly problems: readonly Problem[];
}

/** Checks what Kubernetes' and etcd's verifiers would refuse later, on a node. `now` in seconds. */
export function importAuthority(name: AuthorityName, certificateFile: ImportedFile, keyFile: ImportedFile, now: number): ImportedAuthority {
  if (certificateFile.text === undefined) return { entries: [], problems: [absentFile(certificateFile)] };
  const blocks = pemBlocks(certificateFile.text, 'CERTIFICATE');
  const certificates = blocks.map(readCertificate);
  const [active, ...others] = certificates;
  if (active === undefined || certificates.includes(undefined)) {
    return {
      entries: [],
      problems: [importProblem('import-unreadable', certificateFile.name, 'holds no certificate in PEM, or a broken one')],
    };
  }
  const problems = authorityProblems(active, certificateFile.name, now);
  if (!othersAllow(active, others)) {
    problems.push(
      importProblem('import-path-length', certificateFile.name, 'holds an authority whose path length forbids the one that signs'),
    );
  }
  if (keyFile.failure) problems.push(absentFile(keyFile));
  const key = keyFile.text === undefined ? undefined : importKey({ name: keyFile.name, text: keyFile.text }, problems);
  if (key && !active.x509.checkPrivateKey(key.key)) {
    problems.push(importProblem('import-key-mismatch', keyFile.name, `is not the key of the first certificate in ${certificateFile.name}`));
  }
  const createdAt = toRfc3339(now);
  const entries = blocks.map((certificate, index): StoredAuthority => {
    const id = `${name}-ca-${index + 1}`;
    if (index > 0) return { id, createdAt, state: 'trusted', certificate };
    return { id, createdAt, state: 'active', certificate, ...(key && { key: key.pem }) };
  });
  return { entries, problems };
}

function authorityProblems({ x509, notBefore, notAfter }: ReadCertificate, file: string, now: number): Problem[] {
  const problems: Problem[] = [];
  // OpenSSL's answer (`ca`) counts keyUsage in: ask for that first, to name the cause.
  if (!maySignCertificates(x509))
    problems.push(importProblem('import-not-a-ca', file, 'may not sign certificates (keyUsage lacks keyCertSign)'));
  else if (!x509.ca) problems.push(importProblem('import-not-a-ca', file, 'is no certificate authority (basicConstraints has no CA:TRUE)'));
  if (now > notAfter) problems.push(importProblem('import-expired', file, `expired on ${toDay(notAfter)}`));
  if (now < notBefore) problems.push(importProblem('import-expired', file, `is not valid before ${toDay(notBefore)}`));
  if (supportedKey(x509.publicKey) === undefined) problems.push(unsupportedKey(file));
  return problems;
}

/** Whether each authority above the one that signs leaves room for it: path length 0 allows leaves only (RFC 5280, 4.2.1.9). */
function othersAllow(active: ReadCertificate, others: readonly (ReadCertificate | undefined)[]): boolean {
  let below = active;
  for (let depth = 0; depth <= others.length; depth++) {
    const above = others.find(other => other && other !== below && below.x509.checkIssued(other.x509));
    if (above === undefined || below.x509.checkIssued(below.x509)) return true;
    if ((pathLengthOf(above.x509) ?? Number.POSITIVE_INFINITY) <= depth) return false;
    below = above;
  }
  return true;
}

/** Reads a private key file; what is wrong with it goes to `problems`. */
export function importKey(file: { readonly name: string; readonly text: string }, problems: Problem[]): PrivateKey | undefined {
  const key = readPrivateKey(file.text);
  if (typeof key === 'object') return key;
  if (key === 'unsupported') problems.push(unsupportedKey(file.name));
  else
    problems.push(
      importProblem('import-unreadable', file.name, 'holds no private key in PEM (PKCS#8, PKCS#1 or SEC1, without a passphrase)'),
    );
  return undefined;
}

export function importProblem(code: ProblemCode, file: string, what: string, hint?: string): Problem {
  return { severity: 'error', code, path: [], message: `${file} ${what}`, ...(hint !== undefined && { hint }) };
}

/** Why a file has no text. */
export function absentFile({ name, failure }: ImportedFile): Problem {
  if (failure !== undefined) return importProblem('import-unreadable', name, `cannot be read (${failure})`);
  const hint =
    'the directory must be laid out as kubeadm does: https://kubernetes.io/docs/setup/best-practices/certificates/#certificate-paths';
  return importProblem('import-file-missing', name, 'is not there', hint);
}

function unsupportedKey(file: string): Problem {
  return { ...importProblem('import-key-unsupported', file, 'has a key of another kind than kubekiln uses'), allowed: SUPPORTED_KEYS };
}
