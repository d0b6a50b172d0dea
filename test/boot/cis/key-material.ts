// Every private key of a cluster, in the forms in which it could have leaked.
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseSecrets } from '../../../src/pki/secrets-file.ts';
import type { BuiltCluster } from '../built-cluster.ts';

export interface Canary {
  /** Whose key it is: `cp-1/apiserver`. */
  readonly name: string;
  /** PEM, or base64 of an encryption key. */
  readonly text: string;
  /** Each of these gives it away: the lines of its PEM body, base64 and hexadecimal of the secret number. */
  readonly needles: readonly string[];
  /** The secret number itself. */
  readonly bytes: Buffer;
}

/** The last line of a PEM body may be too short to mean anything. */
const SHORTEST_NEEDLE = 16;
const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
/** Unpacking within what was unpacked: base64 of gzip of PEM is two. */
const DEPTH = 3;

/** All keys of secrets.yaml, encryption keys too. */
export async function canariesOf(built: BuiltCluster): Promise<readonly Canary[]> {
  const fileName = join(built.directory, 'secrets.yaml');
  const { secrets, problems } = parseSecrets({ fileName, text: await readFile(fileName, 'utf8'), clusterName: 'boot' });
  if (secrets === undefined) throw new Error(`secrets.yaml cannot be read: ${problems.map(problem => problem.message).join(', ')}`);
  const stored = [
    ...Object.values(secrets.certificateAuthorities)
      .flat()
      .map(({ id, key }) => ({ name: id, key })),
    ...secrets.serviceAccountKeys.map(({ id, key }) => ({ name: id, key })),
    ...Object.values(secrets.leaves),
  ];
  return [
    ...stored.flatMap(({ name, key }) => (key === undefined ? [] : [pemCanary(name, key)])),
    ...secrets.encryptionKeys.map(({ id, secret }) => canary(`encryption key ${id}`, secret, Buffer.from(secret, 'base64'), [secret])),
  ];
}

/** The canaries that stand in some bytes: as they are, or within base64 or gzip there. */
export function found(canaries: readonly Canary[], bytes: Buffer): readonly string[] {
  const names = new Set<string>();
  for (const layer of layers(bytes, DEPTH)) {
    const text = layer.toString('latin1');
    for (const { name, needles, bytes: secret } of canaries) {
      if (layer.includes(secret) || needles.some(needle => text.includes(needle))) names.add(name);
    }
  }
  return [...names].sort();
}

function pemCanary(name: string, pem: string): Canary {
  const body = pem.split('\n').filter(line => line.length >= SHORTEST_NEEDLE && !line.startsWith('-----'));
  const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' });
  return canary(name, pem, Buffer.from(d, 'base64url'), body);
}

function canary(name: string, text: string, bytes: Buffer, lines: readonly string[]): Canary {
  return { name, text, bytes, needles: [...lines, bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')] };
}

function layers(bytes: Buffer, depth: number): readonly Buffer[] {
  if (depth === 0) return [bytes];
  const text = bytes.toString('latin1');
  // A run of base64, over line ends too: JSON and journals write them as \n.
  const runs = [...text.matchAll(/[A-Za-z0-9+/]{24,}={0,2}(?:(?:\r?\n|\\n)\s*[A-Za-z0-9+/]{4,}={0,2})*/g)].flatMap(([run]) => {
    const lines = run.split(/\s+|\\n/);
    return lines.length === 1 ? lines : [...lines, lines.join('')];
  });
  const inner = [...runs.map(run => Buffer.from(run, 'base64')), ...gunzipped(bytes)];
  return [bytes, ...inner.flatMap(part => layers(part, depth - 1))];
}

function gunzipped(bytes: Buffer): readonly Buffer[] {
  const start = bytes.indexOf(GZIP);
  if (start < 0) return [];
  try {
    return [gunzipSync(bytes.subarray(start), { maxOutputLength: 64 * 1024 * 1024 })];
  } catch {
    return [];
  }
}
