// The local proxy: haproxy on a worker, in front of every API server, for clusters without a load balancer of their own. templates/haproxy.cfg says why
// it is configured so. https://docs.haproxy.org/2.6/configuration.html
import { invariant } from '../bug.ts';
import { renderTemplate } from '../formats/mustache.ts';
import { CREDENTIALS_DIRECTORY } from '../formats/systemd.ts';
import type { Component, Contribution, PlanContext, PlannedFile } from '../plan/node-plan.ts';
import { type Cluster, controlPlaneNodes, type Node } from '../spec/cluster.ts';
import { type DaemonFile, planDaemon } from './daemon-unit.ts';
import { LIBRARY_DIRECTORY } from './locations.ts';
import { authorityFile, authorityPlace, clientRequest, leafFiles, leafPlaces } from './pki-files.ts';

const NAME = 'local-proxy';
/** What dials through the proxy starts after it: it listens when it says that it is ready. */
export const LOCAL_PROXY_UNIT = `${NAME}.service`;
/** Where the packages of Debian, Ubuntu and RHEL put it. */
const HAPROXY = '/usr/sbin/haproxy';
const CONFIGURATION = 'haproxy.cfg';
/** What is the same on every worker; the list of API servers follows it. */
const COMMON_CONFIGURATION = `${LIBRARY_DIRECTORY}/${CONFIGURATION}`;

/** For health checks only: in no group, it may do what every authenticated client may (system:public-info-viewer: /readyz, /version). */
const clientOf = (node: Node) => clientRequest(`${node.name}/${NAME}`, 'kubernetes', `${NAME}:${node.name}`);

/** `10.0.1.11:6443`, `[fd00:1::11]:6443`. */
function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Two files that haproxy reads one after the other. Without secrets: what it authenticates with are files beside the second. */
export function haproxyConfiguration(cluster: Cluster): { readonly common: string; readonly servers: string } {
  const servers = controlPlaneNodes(cluster).map(({ name, address }) => ({ name, address: hostPort(address, cluster.apiServer.bindPort) }));
  const common = renderTemplate(CONFIGURATION, { port: cluster.loadBalancer.bindPort }, value => value);
  return {
    // The comments stand in templates/; every byte of user-data counts.
    common: common.replaceAll(/^ *#.*\n/gm, ''),
    servers: renderTemplate('haproxy-servers.cfg', { servers }, value => value),
  };
}

/** haproxy looks for the key of `local-proxy.crt` in `local-proxy.crt.key`. */
const KEY_ID = `${NAME}.crt.key`;

/** What the unit loads; without the node's content, it is the same on every worker. */
function daemonFiles(cluster: Cluster, context?: PlanContext): readonly DaemonFile[] {
  const [certificate, key] = context
    ? leafFiles(context, clientOf(context.node))
    : leafPlaces(cluster, NAME).map(place => ({ content: '', ...place }));
  invariant(certificate && key, 'a leaf is two files');
  return [
    context ? authorityFile(context, 'kubernetes') : { content: '', ...authorityPlace(cluster, 'kubernetes') },
    certificate,
    { ...key, id: KEY_ID },
    { id: CONFIGURATION, path: `${cluster.paths.configuration}/${CONFIGURATION}`, content: haproxyConfiguration(cluster).servers },
  ];
}

function planned(cluster: Cluster, files: readonly DaemonFile[]): ReturnType<typeof planDaemon> {
  const words = `-f ${COMMON_CONFIGURATION} -f ${CREDENTIALS_DIRECTORY}/${CONFIGURATION}`;
  const daemon = planDaemon({
    name: NAME,
    description: 'Local proxy to the Kubernetes API servers',
    part: 'runtime',
    user: cluster.users[NAME],
    binary: HAPROXY,
    type: 'notify',
    after: [],
    files,
    // Master and worker (-Ws): the master tells systemd when the worker listens.
    words: `-Ws ${words}`,
    flags: [],
    settings: { extraArgs: [], extraEnvs: [] },
    startTimeout: '90s',
    restartSeconds: 1,
    openFiles: 16384,
    writes: [],
    unitSettings: [
      `ExecStartPre=${HAPROXY} -c -q ${words}`,
      // The master ends its worker itself, and then with 143 for SIGTERM.
      'KillMode=mixed',
      'SuccessExitStatus=143',
    ],
  });
  const common: PlannedFile = {
    path: COMMON_CONFIGURATION,
    mode: 0o644,
    owner: 'root',
    content: haproxyConfiguration(cluster).common,
    part: 'runtime',
    secret: false,
    restarts: [LOCAL_PROXY_UNIT],
  };
  return { ...daemon, files: [...daemon.files, common] };
}

const isUsed = (cluster: Cluster) => cluster.loadBalancer.type === 'localProxy';

export const localProxy: Component = {
  name: NAME,
  runsOn: (node, cluster) => node.role === 'worker' && isUsed(cluster),
  certificates: node => [clientOf(node)],
  // A cluster without workers may get some.
  runtimeFiles: cluster => (isUsed(cluster) ? planned(cluster, daemonFiles(cluster)).files.filter(({ part }) => part === 'runtime') : []),
  plan(context): Contribution {
    const { cluster } = context;
    return {
      ...planned(cluster, daemonFiles(cluster, context)),
      binaries: [{ path: HAPROXY, description: 'haproxy 2.4 or newer (package haproxy)' }],
    };
  },
};
