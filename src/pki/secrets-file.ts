// secrets.yaml as text. The parser's own messages and excerpts are not shown for this file: they would quote key material.
import { dumpYaml, parseYaml } from '../formats/yaml.ts';
import { hasErrors, type Problem } from '../problem.ts';
import { checkSecrets } from './check-secrets.ts';
import { schemaProblems } from './schema-problems.ts';
import { SECRETS_API_VERSION, type Secrets } from './secrets.ts';
import { secretsSchema } from './secrets-schema.ts';

export interface SecretsInput {
  /** Display name, e.g. `secrets.yaml`. */
  readonly fileName: string;
  readonly text: string;
  /** Permission bits of the file, where it is one. */
  readonly mode?: number;
  /** The cluster that cluster.yaml describes. */
  readonly clusterName: string;
}

/** Reads a secrets file, with everything that is wrong with it; `secrets` only without errors. */
export function parseSecrets(input: SecretsInput): { readonly secrets?: Secrets; readonly problems: readonly Problem[] } {
  const { fileName: file, text, mode, clusterName } = input;
  const problems: Problem[] = mode === undefined ? [] : modeProblems(file, mode);
  const document = parseDocument(file, text);
  if ('problem' in document) return { problems: [...problems, document.problem] };
  const parsed = secretsSchema.safeParse(document.value);
  if (!parsed.success) return { problems: [...problems, ...schemaProblems(parsed.error.issues, document.value, 'secrets-invalid', file)] };
  const secrets = parsed.data;
  if (secrets.metadata.cluster !== clusterName) {
    const message = `${file} belongs to the cluster ${JSON.stringify(secrets.metadata.cluster)}, but cluster.yaml describes ${JSON.stringify(clusterName)}`;
    const hint = 'keep each cluster.yaml beside its own secrets file; a cluster cannot be renamed';
    problems.push({ severity: 'error', code: 'secrets-of-another-cluster', file, path: ['metadata', 'cluster'], message, hint });
  }
  problems.push(...checkSecrets(secrets, file));
  return hasErrors(problems) ? { problems } : { secrets, problems };
}

function modeProblems(file: string, mode: number): Problem[] {
  if ((mode & 0o077) === 0) return [];
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  const message = `${file} has mode ${octal}: other users of this machine may read the cluster's private keys`;
  return [{ severity: 'error', code: 'secrets-mode', file, path: [], message, hint: `chmod 600 ${file}` }];
}

function parseDocument(file: string, text: string): { readonly value: unknown } | { readonly problem: Problem } {
  const hint = `restore ${file} from a backup; a new one would be another cluster`;
  const refuse = (code: Problem['code'], message: string) => ({
    problem: { severity: 'error', code, file, path: [], message, hint } as const,
  });
  const { value, problem } = parseYaml(text);
  if (problem !== undefined) {
    const line = text.slice(0, problem.offset).split('\n').length;
    return refuse('secrets-unreadable', `${file} is not whole: its YAML stops making sense in line ${line}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('secrets-unreadable', `${file} holds no mapping`);
  const { apiVersion } = value as { apiVersion?: unknown };
  if (typeof apiVersion === 'string' && /^kubekiln\/v\w{1,20}$/.test(apiVersion) && apiVersion !== SECRETS_API_VERSION) {
    const message = `${file} has the format ${apiVersion}; this kubekiln knows ${SECRETS_API_VERSION}`;
    return {
      problem: {
        ...refuse('secrets-newer-format', message).problem,
        path: ['apiVersion'],
        hint: 'use the kubekiln that wrote it, or a newer one',
      },
    };
  }
  return { value };
}

/**
 * The text of a secrets file: the same secrets give the same bytes. `rotation`, which is required, stands last, so that a file that was cut
 * off anywhere is never taken for a whole one.
 */
export function serializeSecrets(secrets: Secrets): string {
  // Through the schema: output is validated as well as input, and comes out with the fields of each entry in the schema's order.
  const { rotation, leaves, nodes, ...rest } = secretsSchema.parse(secrets);
  const document = {
    ...rest,
    nodes: sorted(nodes, ([name]) => name),
    // By name: a leaf that is issued anew stays in its place, and a diff shows that one leaf.
    leaves: sorted(leaves, ([digest, { name }]) => `${name} ${digest}`),
    rotation,
  };
  return dumpYaml(document, { header: HEADER });
}

const HEADER = [
  'Private keys of a Kubernetes cluster, and the only source of its identity: written by kubekiln, read by every build.',
  'Whoever reads this file is the administrator of the cluster. Without it no node can be renewed, replaced or added.',
];

function sorted<V>(record: Readonly<Record<string, V>>, key: (entry: [string, V]) => string): Record<string, V> {
  return Object.fromEntries(
    Object.entries(record)
      .map(entry => [key(entry), entry] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, entry]) => entry),
  );
}
