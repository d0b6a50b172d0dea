import type { Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import type { Secrets } from './secrets.ts';

/** Passwords that nodes would send over http: whoever stands between reads them. */
export function plainLogins({ registries, runtime, binaries }: Cluster, secrets: Secrets): readonly Problem[] {
  const registryHosts = new Set(secrets.registryCredentials?.map(({ host }) => host));
  const downloadHosts = new Set(secrets.downloadCredentials?.map(({ host }) => host));
  const plain = (urls: readonly string[]) => urls.map(url => new URL(url)).filter(({ protocol }) => protocol === 'http:');
  const found = [
    ...plain(registries.flatMap(({ endpoints }) => endpoints)).filter(({ host }) => registryHosts.has(host)),
    ...plain([...runtime.urls, ...binaries.urls]).filter(({ hostname }) => downloadHosts.has(hostname)),
  ];
  return [...new Set(found.map(({ host }) => host))].map(host => ({
    severity: 'warning',
    code: 'plain-http',
    path: [],
    message: `nodes would send the password of ${host} without TLS`,
    hint: 'https, with caFile for a CA of your own',
  }));
}
