import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Identity {
  readonly key: string;
  readonly cert: string;
  /** PEM of the authority that issued it. */
  readonly authority: string;
}

/** A certificate for a server at an address and at `localhost`, by an authority of its own. */
export function newIdentity(address: string): Identity {
  const directory = mkdtempSync(join(tmpdir(), 'kubekiln-mirror-'));
  const at = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  try {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.crt'), '-days', '2', '-subj', '/CN=mirror-ca');
    const names = ['-addext', `subjectAltName=DNS:localhost,IP:${address}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
    const issued = ['-CA', at('ca.crt'), '-CAkey', at('ca.key')];
    openssl(
      'req',
      '-x509',
      ...key,
      ...issued,
      '-keyout',
      at('tls.key'),
      '-out',
      at('tls.crt'),
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      ...names,
    );
    const read = (name: string) => readFileSync(at(name), 'utf8');
    return { key: read('tls.key'), cert: read('tls.crt'), authority: read('ca.crt') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
