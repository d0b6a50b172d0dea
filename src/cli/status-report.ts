import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.ts';
import { readKubeconfig } from '../inspect/kubeconfig.ts';
import type { Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import { nodeStatuses } from '../status/node-status.ts';
import { type Access, askKubelets, type Fault, listNodes, type NodeList, probeApiServers } from '../status/observe.ts';
import { clusterSummary } from './cluster-summary.ts';
import type { Invocation, Outcome, Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { durationOption } from './expiry-report.ts';
import { loadCluster } from './loaded-cluster.ts';
import { outputRoot, projectOf, readText } from './project.ts';
import { statusData, statusText } from './status-table.ts';
import { UsageError } from './usage-error.ts';

const DEFAULT_TIMEOUT = 600;
const EVERY_MS = 2000;

/** `kubekiln status`. @throws UsageError, system errors */
export async function reportStatus(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const timeout = durationOption(invocation, 'timeout');
  const wait = invocation.flags.has('wait');
  if (timeout !== undefined && !wait) throw new UsageError('--timeout belongs to --wait');
  const project = projectOf(invocation);
  const { problems, files, cluster } = loadCluster(project);
  if (cluster === undefined) return { problems, files };
  const file = invocation.values.get('kubeconfig') ?? join(outputRoot(project, invocation), cluster.name, 'admin.conf');
  const access = accessOf(readText(file));
  if (access === undefined) return { problems: [...problems, unusable(displayPath(file))], files };

  const end = performance.now() + (wait ? (timeout ?? DEFAULT_TIMEOUT) * 1000 : 0);
  reporter.progress('asking the cluster');
  const list = await untilReady(cluster, access, end, reporter);
  if ('faults' in list) return { problems: [...problems, unreachable(list.faults, displayPath(file))], files };
  const [apiServers, kubelets] = await Promise.all([
    probeApiServers(cluster, access.client),
    askKubelets(list.server, access.client, list.nodes, now()),
  ]);
  const nodes = nodeStatuses(cluster, { nodes: list.nodes, apiServers, kubelets });
  const allReady = nodes.every(node => node.ready || !node.declared);
  return {
    problems,
    files,
    text: `${clusterSummary(cluster)}\n${statusText(nodes, now())}`,
    data: statusData(cluster, list.server, nodes, now()),
    answeredYes: !allReady,
    ...(!allReady && !wait && { next: ['kubekiln status --wait'] }),
  };
}

/** Asks until every node of cluster.yaml is Ready, or until `end` (milliseconds of performance.now), at least once. */
async function untilReady(cluster: Cluster, access: Access, end: number, reporter: Reporter): Promise<NodeList> {
  for (let said = ''; ; await sleep(EVERY_MS)) {
    const list = await listNodes(access);
    const doing = waitingFor(cluster, list);
    if (doing === undefined || performance.now() + EVERY_MS > end) return list;
    reporter.progress(doing);
    if (doing !== said) reporter.detail(doing);
    said = doing;
  }
}

/** What is missing, in a few words; undefined when nothing is. */
function waitingFor(cluster: Cluster, list: NodeList): string | undefined {
  if ('faults' in list) return `waiting for an API server: ${list.faults[0]?.text ?? 'none is named'}`;
  const waiting = nodeStatuses(cluster, { nodes: list.nodes, apiServers: new Map(), kubelets: new Map() }).filter(
    node => node.declared && !node.ready,
  );
  if (waiting.length === 0) return undefined;
  const names = waiting.slice(0, 5).map(node => node.name);
  const more = waiting.length > names.length ? ` and ${waiting.length - names.length} more` : '';
  return `${cluster.nodes.length - waiting.length} of ${cluster.nodes.length} nodes are Ready; waiting for ${names.join(', ')}${more}`;
}

function accessOf(text: string): Access | undefined {
  const kubeconfig = readKubeconfig(text);
  const pair = kubeconfig?.certificates[0];
  const ca = kubeconfig?.authorities[0];
  if (!kubeconfig || kubeconfig.servers.length === 0 || pair?.key === undefined || ca === undefined) return undefined;
  return { servers: kubeconfig.servers, client: { ca, certificate: pair.certificate, key: pair.key } };
}

function unusable(file: string): Problem {
  const message = 'it is no kubeconfig with a server, an authority, a client certificate and its key in it';
  return {
    severity: 'error',
    code: 'kubeconfig-unusable',
    path: [],
    file,
    message,
    hint: 'kubekiln build writes out/<cluster>/admin.conf',
  };
}

function unreachable(faults: readonly Fault[], file: string): Problem {
  const refused = faults.some(fault => fault.refused);
  return {
    severity: 'error',
    code: refused ? 'api-refused' : 'api-unreachable',
    path: [],
    message: refused ? `the API server would not have the user of ${file}` : `no API server of ${file} answers`,
    details: faults.map(fault => `${fault.server}: ${fault.text}`),
    hint: refused
      ? 'kubekiln build issues a new one when it has expired'
      : 'kubekiln status --wait waits for a cluster that is still booting',
  };
}
