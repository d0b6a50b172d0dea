// Asks a cluster how it is: the first API server that answers for the nodes, each API server for itself, each kubelet through the API.
import type { Cluster } from '../spec/cluster.ts';
import { controlPlaneNodes } from '../spec/cluster.ts';
import { type ApiAnswer, type ApiClient, apiGet } from './api-request.ts';
import { kubeletExpiries } from './kubelet-metrics.ts';
import type { ApiServerProbe, NodeObject, Observations } from './node-status.ts';

const PATIENCE_MS = 5000;
const KUBELETS_AT_ONCE = 8;

export interface Access {
  /** `https://host:port` of each context, the current one first. */
  readonly servers: readonly string[];
  readonly client: ApiClient;
}

export interface Fault {
  readonly server: string;
  readonly text: string;
  /** It answered, and would not have this client: 401 or 403. */
  readonly refused: boolean;
}

/** The nodes, from whichever server answers first; otherwise what each of them said. */
export type NodeList = { readonly server: string; readonly nodes: readonly NodeObject[] } | { readonly faults: readonly Fault[] };

export async function listNodes({ servers, client }: Access): Promise<NodeList> {
  const faults: Fault[] = [];
  const ask = async (server: string) => {
    const answer = await apiGet(server, '/api/v1/nodes', client, PATIENCE_MS).catch((error: Error) => error);
    if (!(answer instanceof Error) && answer.status === 200)
      return { server, nodes: (JSON.parse(answer.body) as { items: NodeObject[] }).items };
    faults.push(faultOf(server, answer));
    throw new Error(server);
  };
  return Promise.any(servers.map(ask)).catch(() => ({
    faults: servers.flatMap(server => faults.filter(fault => fault.server === server)),
  }));
}

function faultOf(server: string, answer: ApiAnswer | Error): Fault {
  if (answer instanceof Error) return { server, text: answer.message, refused: false };
  if (answer.status === 401)
    return { server, text: 'it does not know this certificate (401): expired, or of another cluster', refused: true };
  if (answer.status === 403)
    return { server, text: 'this user may not read nodes (403); a new cluster allows it a moment later', refused: true };
  return { server, text: `it answered ${answer.status}`, refused: false };
}

/** What each control-plane node's own API server says; those that this machine cannot reach are left out. */
export async function probeApiServers(cluster: Cluster, client: ApiClient): Promise<ReadonlyMap<string, ApiServerProbe>> {
  const found = await Promise.all(
    controlPlaneNodes(cluster).map(async ({ name, address }): Promise<readonly (readonly [string, ApiServerProbe])[]> => {
      const server = `https://${address.includes(':') ? `[${address}]` : address}:${cluster.apiServer.bindPort}`;
      const ask = (path: string) => apiGet(server, path, client, PATIENCE_MS).catch(() => undefined);
      const [ready, version] = await Promise.all([ask('/readyz'), ask('/version')]);
      if (!ready) return [];
      const running = version?.status === 200 ? (JSON.parse(version.body) as { gitVersion: string }).gitVersion : undefined;
      return [[name, { ready: ready.status === 200, notAfter: ready.notAfter, ...(running !== undefined && { version: running }) }]];
    }),
  );
  return new Map(found.flat());
}

/** Ends of the certificates that kubelets of `nodes` run with, as they say themselves; those that say nothing are left out. */
export async function askKubelets(
  server: string,
  client: ApiClient,
  nodes: readonly NodeObject[],
  now: number,
): Promise<Observations['kubelets']> {
  const waiting = nodes.map(node => node.metadata.name);
  const found = new Map<string, ReadonlyMap<string, number>>();
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const path = `/api/v1/nodes/${encodeURIComponent(name)}/proxy/metrics`;
      const answer = await apiGet(server, path, client, PATIENCE_MS).catch(() => undefined);
      if (answer?.status === 200) found.set(name, kubeletExpiries(answer.body, now));
    }
  };
  await Promise.all(Array.from({ length: KUBELETS_AT_ONCE }, work));
  return found;
}
