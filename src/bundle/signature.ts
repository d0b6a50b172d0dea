// Detached signatures by OpenSSH's own program, which everybody has who would check one: ssh-keygen(1), -Y sign and -Y verify.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { finding } from '../inspect/finding.ts';
import type { Problem } from '../problem.ts';

/** Keeps a signature that was made for something else from being taken for one of a bundle. */
export const SIGNATURE_NAMESPACE = 'kubekiln-bundle';

export function signatureOf(bundle: string): string {
  return `${bundle}.sig`;
}

/** @returns the signature's text */
export async function sign(file: string, key: string): Promise<string | Problem> {
  const { status, output, errors } = await sshKeygen(['-Y', 'sign', '-q', '-n', SIGNATURE_NAMESPACE, '-f', key], file);
  if (status === 0 && output.startsWith('-----BEGIN SSH SIGNATURE-----')) return output;
  return finding(
    'signature-failed',
    key,
    `ssh-keygen signs nothing with it: ${lastLine(errors)}`,
    '--sign-key names a private key of OpenSSH, or a public one that ssh-agent holds',
  );
}

export interface SignatureCheck {
  readonly signature: string;
  /** In the format of ssh-keygen(1), ALLOWED SIGNERS. */
  readonly allowedSigners: string;
  /** Who must have signed it; anybody of the file otherwise. */
  readonly identity?: string;
}

/** @returns who signed it */
export async function checkSignature(
  bundle: string,
  { signature, allowedSigners, identity }: SignatureCheck,
): Promise<{ readonly signer: string } | Problem> {
  const common = ['-s', signature, '-f', allowedSigners];
  const found = identity === undefined ? await sshKeygen(['-Y', 'find-principals', ...common], undefined) : undefined;
  const signer = identity ?? found?.output.trim().split('\n')[0] ?? '';
  const verified = signer === '' ? found : await sshKeygen(['-Y', 'verify', ...common, '-n', SIGNATURE_NAMESPACE, '-I', signer], bundle);
  if (signer !== '' && verified?.status === 0) return { signer };
  const hint = `ssh-keygen -Y verify -f ${allowedSigners} -I IDENTITY -n ${SIGNATURE_NAMESPACE} -s ${signature} < ${bundle}`;
  return finding(
    'signature-invalid',
    signature,
    `it is no signature of this bundle by anybody who may sign it (${lastLine(verified?.errors ?? '')})`,
    hint,
  );
}

interface Ran {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

function sshKeygen(words: readonly string[], input: string | undefined): Promise<Ran> {
  const descriptor = input === undefined ? undefined : openSync(input, 'r');
  const child = spawn('ssh-keygen', words, { stdio: [descriptor ?? 'ignore', 'pipe', 'pipe'] });
  if (descriptor !== undefined) closeSync(descriptor);
  const texts = [child.stdout, child.stderr].map(stream => {
    const chunks: Buffer[] = [];
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString('utf8');
  });
  return new Promise(resolve => {
    child.on('error', () => resolve({ status: null, output: '', errors: 'ssh-keygen cannot be run: is OpenSSH installed?' }));
    child.on('close', status => resolve({ status, output: texts[0]?.() ?? '', errors: texts[1]?.() ?? '' }));
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'it gave no reason';
}
