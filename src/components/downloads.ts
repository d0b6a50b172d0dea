// How this node reaches mirrors: curl's configuration (curl(1), --config), the authorities that it trusts, and a netrc file with credentials.
import type { Component, Contribution, PlanContext, PlannedFile } from '../plan/node-plan.ts';
import type { Cluster } from '../spec/cluster.ts';
import { libraryProgram } from './library.ts';
import { DOWNLOAD_SETTINGS_FILE } from './locations.ts';

const AUTHORITIES_FILE = '/etc/kubekiln/downloads-ca.pem';
const CREDENTIALS_FILE = '/etc/kubekiln/netrc';

export function usesMirrors(cluster: Cluster): boolean {
  return cluster.runtime.source === 'mirror' || cluster.binaries.source === 'mirror';
}

/** curl runs in the staged payload's files/ or, once it is installed, in /: so relative paths lead to the same file in both. */
function relative(path: string): string {
  return path.slice(1);
}

function settings({ cluster, credentials }: PlanContext): string {
  const plain = [...cluster.runtime.urls, ...cluster.binaries.urls].some(url => url.startsWith('http:'));
  const { httpProxy, httpsProxy, noProxy } = cluster.proxyEnvironment;
  // curl's configuration knows one proxy for all schemes.
  const proxy = plain ? httpProxy : httpsProxy;
  const lines = [
    'fail',
    'location',
    'silent',
    'show-error',
    'globoff',
    'connect-timeout = 10',
    // a connection that stands still is given up, however long the whole takes
    'speed-limit = 1',
    'speed-time = 30',
    // A mirror without TLS may redirect to another one; one with TLS must not lead out of it.
    `proto = "${plain ? '=https,http' : '=https'}"`,
    ...(cluster.downloads.certificateAuthority ? [`cacert = "${relative(AUTHORITIES_FILE)}"`] : []),
    ...(proxy === undefined
      ? []
      : [`proxy = "${proxy}"`, `noproxy = "${['localhost', '127.0.0.1', '::1', ...noProxy].map(quoted).join(',')}"`]),
    ...(credentials.downloads.length === 0 ? [] : [`netrc-file = "${relative(CREDENTIALS_FILE)}"`]),
  ];
  return lines.map(line => `${line}\n`).join('');
}

function quoted(text: string): string {
  return text.replace(/[\\"]/g, '\\$&');
}

export const downloads: Component = {
  name: 'downloads',
  runsOn: (_node, cluster) => usesMirrors(cluster),
  plan(context): Contribution {
    const { certificateAuthority: authorities } = context.cluster.downloads;
    const config = (path: string, content: string): PlannedFile => ({
      path,
      mode: 0o600,
      owner: 'root',
      content,
      part: 'config',
      secret: false,
      restarts: [],
    });
    const logins = context.credentials.downloads.map(
      ({ host, username, password }) => `machine ${host} login ${username} password ${password}\n`,
    );
    return {
      files: [
        config(DOWNLOAD_SETTINGS_FILE, settings(context)),
        ...(authorities
          ? [config(AUTHORITIES_FILE, authorities.content.endsWith('\n') ? authorities.content : `${authorities.content}\n`)]
          : []),
        ...(context.cluster.binaries.source === 'mirror' ? [libraryProgram('kubekiln-fetch')] : []),
        ...(logins.length === 0 ? [] : [{ ...config(CREDENTIALS_FILE, logins.join('')), part: 'identity' as const, secret: true }]),
      ],
      binaries: [{ path: '/usr/bin/curl', description: 'curl (package curl)' }],
    };
  },
};
