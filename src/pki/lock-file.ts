// cluster.lock.yaml: public, committed beside cluster.yaml. It remembers what must not drift silently; it holds nothing secret.
import '../formats/zod-settings.ts';
import * as z from 'zod';
import { fromRfc3339, toRfc3339 } from '../clock.ts';
import { dumpYaml, parseYaml } from '../formats/yaml.ts';
import type { Problem } from '../problem.ts';
import { type Architecture, type Cluster, controlPlaneNodes } from '../spec/cluster.ts';
import { checkedCertificate, fingerprint, publicKeyFingerprint } from './read-certificate.ts';
import type { AuthorityName, NodeIdentity } from './request.ts';
import { schemaProblems } from './schema-problems.ts';
import { type EntryState, SECRETS_API_VERSION, type Secrets, type StoredAuthority } from './secrets.ts';

export { compareWithLock } from './compare-with-lock.ts';

export interface LockedAuthority {
  readonly id: string;
  readonly createdAt: string;
  readonly state: EntryState;
  /** `sha256:` over the DER certificate */
  readonly fingerprint: string;
  /** RFC 3339 */
  readonly notAfter: string;
}

export interface LockedKey {
  readonly id: string;
  readonly state: EntryState;
  /** `sha256:` over the DER public key */
  readonly fingerprint: string;
}

export interface LockedBinary {
  readonly name: string;
  readonly version: string;
  readonly architecture: Architecture;
  /** Upstream's; a mirror has it below its own URL. */
  readonly url: string;
  /** Hex, of the file as it is downloaded. */
  readonly sha256: string;
}

export interface LockedImage {
  /** As manifests name it: `registry.k8s.io/pause:3.10.2`. */
  readonly image: string;
  /** `sha256:` of its manifest or index */
  readonly digest: string;
}

export interface Lock {
  readonly apiVersion: typeof SECRETS_API_VERSION;
  readonly kind: 'ClusterLock';
  readonly metadata: { readonly name: string; readonly createdAt: string };
  readonly certificateAuthorities: Readonly<Record<AuthorityName, readonly LockedAuthority[]>>;
  readonly serviceAccountKeys: readonly LockedKey[];
  readonly etcd: { readonly foundingMembers: readonly { readonly name: string; readonly address: string }[] };
  readonly nodes: Readonly<Record<string, NodeIdentity>>;
  /** Programs that nodes download, sorted by URL. */
  readonly binaries?: readonly LockedBinary[];
  /** Container images, sorted by name. */
  readonly images?: readonly LockedImage[];
  /** What the last build was made of; absent before the first one. */
  readonly built?: { readonly kubernetesVersion: string; readonly kubekiln: string };
}

const text = z.string().min(1);
const timestamp = z
  .string()
  .refine(value => fromRfc3339(value) !== undefined, { params: { expected: 'a time such as 2026-11-22T13:00:00Z' } });
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const state = z.enum(['active', 'trusted', 'retired']);
const authorities = z.array(z.strictObject({ id: text, createdAt: timestamp, state, fingerprint: digest, notAfter: timestamp }));
const counter = z.int().min(1);

const lockSchema: z.ZodType<Lock> = z.strictObject({
  apiVersion: z.literal(SECRETS_API_VERSION),
  kind: z.literal('ClusterLock'),
  metadata: z.strictObject({ name: text, createdAt: timestamp }),
  certificateAuthorities: z.strictObject({ kubernetes: authorities, etcd: authorities, 'front-proxy': authorities }),
  serviceAccountKeys: z.array(z.strictObject({ id: text, state, fingerprint: digest })),
  etcd: z.strictObject({ foundingMembers: z.array(z.strictObject({ name: text, address: text })) }),
  nodes: z.record(z.string(), z.strictObject({ generation: counter, instance: counter })),
  binaries: z
    .array(
      z.strictObject({
        name: text,
        version: text,
        architecture: z.enum(['amd64', 'arm64']),
        url: z.string().regex(/^https:\/\/[A-Za-z0-9._~/+-]+$/),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .exactOptional(),
  images: z.array(z.strictObject({ image: text, digest })).exactOptional(),
  built: z.strictObject({ kubernetesVersion: z.string().regex(/^v1\.\d+\.\d+/), kubekiln: text }).exactOptional(),
});

/** Reads a lock file, with everything that is wrong with it; `lock` only without errors. */
export function parseLock(input: { readonly fileName: string; readonly text: string }): {
  readonly lock?: Lock;
  readonly problems: readonly Problem[];
} {
  const { fileName: file, text } = input;
  const hint = `restore ${file} from version control`;
  const { value, problem } = parseYaml(text);
  if (problem !== undefined) {
    return {
      problems: [{ severity: 'error', code: 'lock-unreadable', file, path: [], offset: problem.offset, message: problem.message, hint }],
    };
  }
  const { apiVersion } = (value ?? {}) as { apiVersion?: unknown };
  if (typeof apiVersion === 'string' && apiVersion.startsWith('kubekiln/v') && apiVersion !== SECRETS_API_VERSION) {
    const message = `${file} has the format ${apiVersion}; this kubekiln knows ${SECRETS_API_VERSION}`;
    return {
      problems: [
        {
          severity: 'error',
          code: 'lock-newer-format',
          file,
          path: ['apiVersion'],
          message,
          hint: 'use the kubekiln that wrote it, or a newer one',
        },
      ],
    };
  }
  const parsed = lockSchema.safeParse(value);
  return parsed.success
    ? { lock: parsed.data, problems: [] }
    : { problems: schemaProblems(parsed.error.issues, value, 'lock-invalid', file) };
}

/**
 * What to remember of a cluster. `kubekiln` is the version of this program after a build; without it (`init`) `previous.built` stays.
 */
export function lockOf(cluster: Cluster, secrets: Secrets, previous?: Lock, kubekiln?: string): Lock {
  const built = kubekiln === undefined ? previous?.built : { kubernetesVersion: cluster.version.text, kubekiln };
  const { kubernetes, etcd, 'front-proxy': frontProxy } = secrets.certificateAuthorities;
  return {
    apiVersion: SECRETS_API_VERSION,
    kind: 'ClusterLock',
    metadata: { name: cluster.name, createdAt: secrets.metadata.createdAt },
    certificateAuthorities: { kubernetes: kubernetes.map(locked), etcd: etcd.map(locked), 'front-proxy': frontProxy.map(locked) },
    serviceAccountKeys: secrets.serviceAccountKeys.map(({ id, state, publicKey }) => ({
      id,
      state,
      fingerprint: publicKeyFingerprint(publicKey),
    })),
    etcd: { foundingMembers: controlPlaneNodes(cluster).map(({ name, address }) => ({ name, address })) },
    nodes: Object.fromEntries(Object.entries(secrets.nodes).sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(previous?.binaries && { binaries: previous.binaries }),
    ...(previous?.images && { images: previous.images }),
    ...(built && { built }),
  };
}

function locked({ id, createdAt, state, certificate }: StoredAuthority): LockedAuthority {
  const { x509, notAfter } = checkedCertificate(certificate, id);
  return { id, createdAt, state, fingerprint: fingerprint(x509.raw), notAfter: toRfc3339(notAfter) };
}

/** The text of a lock file: the same lock gives the same bytes. */
export function serializeLock(lock: Lock): string {
  // Through the schema: its order of fields, whoever changed the lock.
  return dumpYaml(lockSchema.parse(lock), {
    header: ['Written by kubekiln, and public: commit it beside cluster.yaml. It notices when secrets.yaml is lost or exchanged.'],
  });
}
