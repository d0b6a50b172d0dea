// Which servers give an image: the mirrors of cluster.yaml in order, then its own registry, as containerd asks them on nodes.
// https://github.com/containerd/containerd/blob/main/docs/hosts.md
import { rootCertificates } from 'node:tls';
import type { RegistryCredential } from '../pki/request.ts';
import type { RegistryMirror } from '../spec/cluster.ts';
import { isLoopback } from './http-request.ts';

export interface Endpoint {
  /** With the path of the API: `https://registry.k8s.io/v2`. */
  readonly base: string;
  /** For a server that stands in for several registries. */
  readonly namespace?: string;
  /** PEM: the system's authorities, and one more. */
  readonly authority?: readonly string[];
  readonly login?: RegistryCredential;
}

/** Where Docker Hub's API is. */
const DOCKER_HUB = 'registry-1.docker.io';

/** @param registry as image names have it */
export function endpointsOf(
  registry: string,
  mirrors: readonly RegistryMirror[],
  credentials: readonly RegistryCredential[],
): readonly Endpoint[] {
  const mirror = mirrors.find(one => one.registry === registry) ?? mirrors.find(one => one.registry === '_default');
  const authority = mirror?.certificateAuthority && [...rootCertificates, mirror.certificateAuthority.content];
  const loginOf = (host: string) => {
    const login = credentials.find(one => one.host === host);
    return login && { login };
  };
  const mirrored = (mirror?.endpoints ?? []).map((endpoint): Endpoint => {
    const { host, pathname } = new URL(endpoint);
    const path = pathname.replace(/\/+$/, '');
    const base = path === '' ? `${new URL(endpoint).origin}/v2` : `${new URL(endpoint).origin}${path}`;
    return { base, ...(host !== registry && { namespace: registry }), ...(authority && { authority }), ...loginOf(host) };
  });
  const host = registry === 'docker.io' ? DOCKER_HUB : registry;
  // containerd does the same: what listens on this machine alone needs no TLS
  const scheme = isLoopback(new URL(`http://${host}`)) ? 'http' : 'https';
  return [...mirrored, { base: `${scheme}://${host}/v2`, ...loginOf(registry) }];
}
