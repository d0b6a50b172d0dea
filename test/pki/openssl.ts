// The oracle: the openssl command, on real files in a directory of the test's own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A temporary directory that goes away with the test. */
export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'kubekiln-pki-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface CommandResult {
  readonly status: number | null;
  readonly output: string;
}

export function run(program: string, args: readonly string[], directory?: string): CommandResult {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', ...(directory && { cwd: directory }) });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

/** Standard output of a command that must succeed. */
export function openssl(args: readonly string[], directory?: string): string {
  const { status, output } = run('openssl', args, directory);
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${output}`);
  return output;
}

/** Named reason to skip where openssl is missing; CI has it, or fails. */
export function withoutOpenssl(): string | false {
  if (process.env.CI || spawnSync('openssl', ['version']).status === 0) return false;
  return 'openssl is not installed';
}

/** `openssl verify -x509_strict` of a leaf under its authority, with further options (`-purpose sslserver`, `-verify_ip …`). */
export function verify(directory: string, authority: string, leaf: string, options: readonly string[], now: number): CommandResult {
  writeFileSync(join(directory, 'ca.pem'), authority);
  writeFileSync(join(directory, 'leaf.pem'), leaf);
  const fixed = ['verify', '-x509_strict', '-check_ss_sig', '-attime', String(now), '-CAfile', 'ca.pem'];
  return run('openssl', [...fixed, ...options, 'leaf.pem'], directory);
}

/** `openssl x509 -text` of a PEM. */
export function certificateText(directory: string, pem: string): string {
  writeFileSync(join(directory, 'shown.pem'), pem);
  return openssl(['x509', '-in', 'shown.pem', '-noout', '-text', '-nameopt', 'RFC2253,sep_multiline,utf8,-esc_msb'], directory);
}
