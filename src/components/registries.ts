// Where containerd fetches images: one hosts.toml per registry, which containerd 1.7 and 2 read at each pull.
// https://github.com/containerd/containerd/blob/main/docs/hosts.md
import type { Credentials, RegistryCredential } from '../pki/request.ts';
import type { Cluster, RegistryMirror } from '../spec/cluster.ts';
import type { AgentFile } from './node-daemon.ts';

export const REGISTRIES_DIRECTORY = '/etc/containerd/certs.d';

/** A basic string of TOML: the escapes that JSON has are its own too. */
export function toml(text: string): string {
  return JSON.stringify(text);
}

/** Every registry that has a mirror, wants a password, or both. */
export function registryFiles({ registries }: Cluster, { registries: credentials }: Credentials): readonly AgentFile[] {
  const mirrored = new Set(registries.map(({ registry }) => registry));
  const others = credentials.filter(({ host }) => !mirrored.has(host)).map(({ host }) => ({ registry: host, endpoints: [] }));
  return [...registries, ...others].flatMap(mirror => filesOf(mirror, credentials));
}

function filesOf(mirror: RegistryMirror, credentials: readonly RegistryCredential[]): readonly AgentFile[] {
  const { registry, endpoints, certificateAuthority: authority } = mirror;
  // The directory of a registry with a port ends in `_5000_`: a colon cannot stand in a path of ours.
  const directory = `${REGISTRIES_DIRECTORY}/${registry.replace(/:(\d+)$/, '_$1_')}`;
  const caPath = `${directory}/ca.crt`;
  const login = (host: string) => credentials.find(credential => credential.host === host);
  const headers = (table: string, credential: RegistryCredential | undefined) =>
    credential === undefined ? [] : [`[${table}]`, `Authorization = ${toml(basic(credential))}`];
  const lines = endpoints.flatMap(endpoint => {
    const { pathname, host } = new URL(endpoint);
    return [
      `[host.${toml(endpoint)}]`,
      'capabilities = ["pull", "resolve"]',
      ...(['', '/'].includes(pathname) ? [] : ['override_path = true']),
      ...(authority ? [`ca = ${toml(caPath)}`] : []),
      ...headers(`host.${toml(endpoint)}.header`, login(host)),
    ];
  });
  // Settings outside of any [host] are those of the registry itself, which is tried last.
  const own = [
    ...headers('header', login(registry)),
    // Older releases of containerd 1.7 read no file without this table: containerd/containerd#10027.
    ...(endpoints.length === 0 ? ['[host]'] : []),
  ];
  const secret = [login(registry), ...endpoints.map(endpoint => login(new URL(endpoint).host))].some(found => found !== undefined);
  return [
    {
      path: `${directory}/hosts.toml`,
      mode: secret ? 0o600 : 0o644,
      content: `${[...own, ...lines].join('\n')}\n`,
      ...(secret && { secret }),
    },
    ...(authority ? [{ path: caPath, mode: 0o644, content: authority.content }] : []),
  ];
}

function basic({ username, password }: RegistryCredential): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
