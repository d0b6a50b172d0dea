import { createHash, X509Certificate } from 'node:crypto';
import type { Secrets } from '../pki/secrets.ts';
import { AUTHORITY_NAMES } from '../pki/secrets.ts';
import type { Invocation, Outcome } from './command.ts';
import { loadClusterWithSecrets } from './loaded-cluster.ts';
import { projectOf } from './project.ts';
import { counted, renderTable } from './table.ts';

interface Row {
  readonly kind: string;
  readonly id: string;
  readonly state: string;
  readonly createdAt: string;
  /** Of the public half; an encryption key has none, and its digest would say something about it. */
  readonly fingerprint?: string;
}

/** `kubekiln secrets list`: nothing that it prints is secret. */
export async function listSecrets(invocation: Invocation): Promise<Outcome> {
  const { problems, files, secrets } = loadClusterWithSecrets(projectOf(invocation));
  if (secrets === undefined) return { problems, files };
  const rows = rowsOf(secrets);
  const leaves = Object.keys(secrets.leaves).length;
  const cells = rows.map(row => [row.kind, row.id, row.state, row.createdAt.slice(0, 10), row.fingerprint ?? '-']);
  return {
    problems,
    files,
    text: `${renderTable(['KIND', 'ID', 'STATE', 'CREATED', 'FINGERPRINT'], cells)}${counted(leaves, 'leaf certificate')} (kubekiln certs check-expiration lists them).\n`,
    data: {
      apiVersion: 'kubekiln/v1alpha1',
      kind: 'SecretsList',
      cluster: secrets.metadata.cluster,
      createdAt: secrets.metadata.createdAt,
      entries: rows,
      leaves,
    },
  };
}

function rowsOf(secrets: Secrets): readonly Row[] {
  return [
    ...AUTHORITY_NAMES.flatMap(name =>
      secrets.certificateAuthorities[name].map(({ id, state, createdAt, certificate }) => ({
        kind: `${name}-ca`,
        id,
        state,
        createdAt,
        fingerprint: sha256(new X509Certificate(certificate).raw),
      })),
    ),
    ...secrets.serviceAccountKeys.map(({ id, state, createdAt, publicKey }) => ({
      kind: 'service-account-key',
      id,
      state,
      createdAt,
      fingerprint: sha256(Buffer.from(publicKey.replace(/-----[^-]+-----|\s/g, ''), 'base64')),
    })),
    ...secrets.encryptionKeys.map(({ name, id, state, createdAt }) => ({ kind: `encryption-key ${name}`, id, state, createdAt })),
  ];
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
