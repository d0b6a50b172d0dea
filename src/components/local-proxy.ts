// The local proxy: haproxy on a worker, in front of every API server, for clusters without a load balancer of their own. templates/haproxy.cfg says why
// it is configured so. https://docs.haproxy.org/2.6/configuration.html
import { renderTemplate } from '../formats/mustache.ts';
import { CREDENTIALS_DIRECTORY } from '../formats/systemd.ts';
import type { Component, Contribution, PlanContext } from '../plan/node-plan.ts';
import { type Cluster, controlPlaneNodes, type Node } from '../spec/cluster.ts';
import { type DaemonFile, planDaemon } from './daemon-unit.ts';
import { authorityFile, clientRequest, leafFiles } from './pki-files.ts';

const NAME = 'local-proxy';
/** What dials through the proxy starts after it: it listens when it says that it is ready. */
export const LOCAL_PROXY_UNIT = `${NAME}.service`;
/** Where the packages of Debian, Ubuntu and RHEL put it. */
const HAPROXY = '/usr/sbin/haproxy';
const CONFIGURATION = 'haproxy.cfg';

/** For health checks only: in no group, it may do what every authenticated client may (system:public-info-viewer: /readyz, /version). */
const clientOf = (node: Node) => clientRequest(`${node.name}/${NAME}`, 'kubernetes', `${NAME}:${node.name}`);

/** `10.0.1.11:6443`, `[fd00:1::11]:6443`. */
function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Without secrets: what it authenticates with are files beside it. */
export function haproxyConfiguration(cluster: Cluster): string {
  const servers = controlPlaneNodes(cluster).map(({ name, address }) => ({ name, address: hostPort(address, cluster.apiServer.bindPort) }));
  const text = renderTemplate(CONFIGURATION, { port: cluster.loadBalancer.bindPort, servers }, value => value);
  // The comments stand in templates/; every byte of user-data counts.
  return text.replaceAll(/^ *#.*\n/gm, '');
}

/** haproxy looks for the key of `local-proxy.crt` in `local-proxy.crt.key`. */
function clientFiles(context: PlanContext): readonly DaemonFile[] {
  return leafFiles(context, clientOf(context.node)).map(file => (file.secret === true ? { ...file, id: `${NAME}.crt.key` } : file));
}

export const localProxy: Component = {
  name: NAME,
  runsOn: (node, cluster) => node.role === 'worker' && cluster.loadBalancer.type === 'localProxy',
  certificates: node => [clientOf(node)],
  plan(context): Contribution {
    const { cluster } = context;
    const configuration = `${CREDENTIALS_DIRECTORY}/${CONFIGURATION}`;
    return {
      ...planDaemon({
        name: NAME,
        description: 'Local proxy to the Kubernetes API servers',
        documentation: 'https://docs.haproxy.org/2.6/configuration.html',
        user: cluster.users[NAME],
        binary: HAPROXY,
        type: 'notify',
        after: [],
        files: [
          authorityFile(context, 'kubernetes'),
          ...clientFiles(context),
          { id: CONFIGURATION, path: `${cluster.paths.configuration}/${CONFIGURATION}`, content: haproxyConfiguration(cluster) },
        ],
        // Master and worker (-Ws): the master tells systemd when the worker listens.
        words: `-Ws -f ${configuration}`,
        flags: [],
        settings: { extraArgs: [], extraEnvs: [] },
        startTimeout: '90s',
        restartSeconds: 1,
        openFiles: 16384,
        writes: [],
        unitSettings: [
          `ExecStartPre=${HAPROXY} -c -q -f ${configuration}`,
          // The master ends its worker itself, and then with 143 for SIGTERM.
          'KillMode=mixed',
          'SuccessExitStatus=143',
        ],
      }),
      binaries: [{ path: HAPROXY, description: 'haproxy 2.4 or newer (package haproxy)' }],
    };
  },
};
