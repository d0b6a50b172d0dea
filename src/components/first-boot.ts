// The node's own part: the installer, the target that starts everything, and what the installer must know of this node.
import { renderTemplate } from '../formats/mustache.ts';
import { shellWord } from '../formats/shell.ts';
import type { Component, Contribution, PlanContext, PlannedFile } from '../plan/node-plan.ts';
import { controlPlaneNodes } from '../spec/cluster.ts';
import { localApiServer } from './component-kubeconfig.ts';
import { httpsUrl } from './etcd.ts';
import { libraryProgram, programText } from './library.ts';
import { ETCD_PEER_PORT, LIBRARY_DIRECTORY, NODE_ENV_FILE, STATE_DIRECTORY, TARGET_UNIT, unitPath } from './locations.ts';

const INSTALL_UNIT = 'kubekiln-install.service';

/** Seconds as the scripts compare them; `never` is a wait that outlives the machine. */
function seconds(value: number): string {
  return Number.isFinite(value) ? String(value) : String(2 ** 31);
}

/** What the shell reads as one word without quotes, which would cost bytes of user-data. */
const PLAIN_WORD = /^[\w./:-]*$/;

/** What our scripts know of this node, as shell assignments. */
function nodeEnvironment(context: PlanContext): string {
  const { cluster, node, credentials, leaves } = context;
  const common = {
    CLUSTER: cluster.name,
    NODE: node.name,
    ROLE: node.role,
    ADDRESS: node.address,
    ADDRESSES: node.addresses.join(' '),
    GENERATION: String(credentials.nodes.get(node.name)?.generation ?? 1),
    NOT_BEFORE: String(Math.max(0, ...leaves.map(leaf => leaf.notBefore))),
    NOT_AFTER: String(Math.min(...(leaves.length > 0 ? leaves : [credentials.authorities.kubernetes]).map(leaf => leaf.notAfter))),
    ADDRESS_WAIT: seconds(cluster.timings.addressWait),
    CLOCK_WAIT: seconds(cluster.timings.clockWait),
    TIME_SERVERS: cluster.node.timeServers.join(' '),
    BINARIES: cluster.paths.binaries,
    PKI: cluster.paths.pki,
  };
  const controlPlane = {
    API_SERVER: localApiServer(context),
    ETCD_DATA: cluster.etcd.dataDir,
    ETCD_TOKEN: credentials.etcdClusterToken,
    ETCD_PEER_URL: httpsUrl(node.address, ETCD_PEER_PORT),
    ETCD_PEERS: controlPlaneNodes(cluster)
      .filter(peer => peer.name !== node.name)
      .map(peer => httpsUrl(peer.address, ETCD_PEER_PORT))
      .join(' '),
    BOOTSTRAP_BEFORE: String(credentials.bootstrapBefore),
    BOOTSTRAP_PATIENCE: seconds(cluster.timings.bootstrapPatience),
  };
  const values = node.role === 'control-plane' ? { ...common, ...controlPlane } : common;
  return Object.entries(values)
    .map(([name, value]) => `KUBEKILN_${name}=${PLAIN_WORD.test(value) ? value : shellWord(value)}\n`)
    .join('');
}

export const firstBoot: Component = {
  name: 'kubekiln-install',
  runsOn: () => true,
  plan(context): Contribution {
    const unit = renderTemplate('kubekiln-install.service', { library: LIBRARY_DIRECTORY }, value => value);
    return {
      files: [
        {
          path: NODE_ENV_FILE,
          mode: 0o600,
          owner: 'root',
          content: nodeEnvironment(context),
          part: 'config',
          secret: false,
          restarts: [],
        },
        libraryProgram('kubekiln-install'),
        ...(context.cluster.node.timeServers.length > 0 ? [libraryProgram('kubekiln-time-servers')] : []),
        { path: unitPath(INSTALL_UNIT), mode: 0o644, owner: 'root', content: unit, part: 'runtime', secret: false, restarts: [] },
      ],
      directories: [
        { path: STATE_DIRECTORY, mode: 0o700, owner: 'root' },
        { path: LIBRARY_DIRECTORY, mode: 0o755, owner: 'root' },
        { path: '/etc/kubekiln', mode: 0o755, owner: 'root' },
      ],
      units: [{ name: INSTALL_UNIT, startedBy: 'boot' }],
      // Whoever resets a machine, or asks for help with it, has brought its tarball: user-data need not carry them for years.
      tools: ['reset', 'support'].map(name => ({ name, content: programText(`kubekiln-${name}`) })),
    };
  },
};

/** The text of kubekiln.target: it wants every unit that some component starts by it. */
export function targetUnit(units: readonly string[]): PlannedFile {
  return {
    path: unitPath(TARGET_UNIT),
    mode: 0o644,
    owner: 'root',
    content: renderTemplate(TARGET_UNIT, { wants: units.join(' ') }, value => value),
    part: 'config',
    secret: false,
    restarts: [],
  };
}
