// The parts of a kubeconfig that `inspect` and `verify` look at: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
import { parseYaml } from '../formats/yaml.ts';

export interface KubeconfigView {
  readonly servers: readonly string[];
  /** Embedded PEM. */
  readonly authorities: readonly string[];
  readonly certificates: readonly { readonly certificate: string; readonly key?: string }[];
}

/** undefined when the text is no kubeconfig. */
export function readKubeconfig(text: string): KubeconfigView | undefined {
  if (!/^kind: ["']?Config["']?\s*$/m.test(text)) return undefined;
  const { value } = parseYaml(text);
  const clusters = sections(value, 'clusters', 'cluster');
  const users = sections(value, 'users', 'user');
  return {
    servers: clusters.flatMap(cluster => textOf(cluster.server) ?? []),
    authorities: clusters.flatMap(cluster => pemOf(cluster['certificate-authority-data']) ?? []),
    certificates: users.flatMap(user => {
      const certificate = pemOf(user['client-certificate-data']);
      const key = pemOf(user['client-key-data']);
      return certificate === undefined ? [] : [{ certificate, ...(key !== undefined && { key }) }];
    }),
  };
}

/** The `field` of each item of `list`. */
function sections(value: unknown, list: string, field: string): readonly Readonly<Record<string, unknown>>[] {
  const items: unknown = recordOf(value)?.[list];
  return Array.isArray(items) ? items.map(item => recordOf(recordOf(item)?.[field])).filter(section => section !== undefined) : [];
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function pemOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
}
