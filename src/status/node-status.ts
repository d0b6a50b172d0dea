// From what the API says to what an operator asks: how far is each node, what runs there, and for how long are its certificates good?
import type { Cluster, Node, Role } from '../spec/cluster.ts';

/** The parts of core/v1 Node that are looked at. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/ */
export interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly nodeInfo?: { readonly kubeletVersion?: string; readonly containerRuntimeVersion?: string };
  };
}

/** What the API server of a control-plane node said itself. */
export interface ApiServerProbe {
  readonly ready: boolean;
  /** `v1.37.1` */
  readonly version?: string;
  /** seconds since 1970 */
  readonly notAfter: number;
}

/** absent: no Node object yet. joined: it is there, not Ready. lost: its kubelet is silent. ready: it is. */
export type Stage = 'absent' | 'joined' | 'lost' | 'ready';

export interface NodeStatus {
  readonly name: string;
  /** Undefined for a node that says nothing of a role. */
  readonly role?: Role;
  readonly stage: Stage;
  readonly ready: boolean;
  /** Set on control-plane nodes whose API server answered this machine. */
  readonly apiServer?: { readonly ready: boolean; readonly version?: string };
  readonly kubeletVersion?: string;
  readonly containerRuntime?: string;
  /** Seconds since 1970, of those that can be seen from here. */
  readonly certificates: readonly { readonly name: string; readonly notAfter: number }[];
  /** False for a node that cluster.yaml does not name. */
  readonly declared: boolean;
  /** What stands in the way, or is not as cluster.yaml says. */
  readonly notes: readonly string[];
}

export interface Observations {
  readonly nodes: readonly NodeObject[];
  /** By node name; absent: it did not answer. */
  readonly apiServers: ReadonlyMap<string, ApiServerProbe>;
  /** Ends of kubelets' certificates by node name, then by certificate; seconds since 1970. */
  readonly kubelets: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';

/** In the order of cluster.yaml, then nodes that it does not name. */
export function nodeStatuses(cluster: Cluster, seen: Observations): readonly NodeStatus[] {
  const objects = new Map(seen.nodes.map(node => [node.metadata.name, node]));
  const declared = cluster.nodes.map(node => statusOf(node.name, objects.get(node.name), seen, { node, cluster }));
  const others = seen.nodes.filter(({ metadata }) => !cluster.nodes.some(node => node.name === metadata.name));
  return [...declared, ...others.map(object => statusOf(object.metadata.name, object, seen))];
}

interface Declaration {
  readonly node: Node;
  readonly cluster: Cluster;
}

function statusOf(name: string, object: NodeObject | undefined, seen: Observations, declaration?: Declaration): NodeStatus {
  const role = declaration?.node.role ?? roleOf(object);
  const probe = seen.apiServers.get(name);
  const info = object?.status?.nodeInfo;
  const stage = stageOf(object);
  const certificates = [
    ...(probe ? [{ name: 'apiserver', notAfter: probe.notAfter }] : []),
    ...[...(seen.kubelets.get(name) ?? [])].map(([certificate, notAfter]) => ({ name: certificate, notAfter })),
  ];
  return {
    name,
    ...(role && { role }),
    stage,
    ready: stage === 'ready',
    ...(probe && { apiServer: { ready: probe.ready, ...(probe.version !== undefined && { version: probe.version }) } }),
    ...(info?.kubeletVersion !== undefined && { kubeletVersion: info.kubeletVersion }),
    ...(info?.containerRuntimeVersion !== undefined && { containerRuntime: info.containerRuntimeVersion }),
    certificates,
    declared: declaration !== undefined,
    notes: notesOf(object, probe, declaration),
  };
}

function readyCondition(object: NodeObject | undefined) {
  return object?.status?.conditions?.find(condition => condition.type === 'Ready');
}

function stageOf(object: NodeObject | undefined): Stage {
  if (!object) return 'absent';
  const status = readyCondition(object)?.status;
  if (status === 'True') return 'ready';
  return status === 'Unknown' ? 'lost' : 'joined';
}

function roleOf(object: NodeObject | undefined): Role | undefined {
  const roles = Object.keys(object?.metadata.labels ?? {}).filter(label => label.startsWith(ROLE_PREFIX));
  return (['control-plane', 'worker'] as const).find(role => roles.includes(`${ROLE_PREFIX}${role}`));
}

function notesOf(
  object: NodeObject | undefined,
  probe: ApiServerProbe | undefined,
  declaration: Declaration | undefined,
): readonly string[] {
  const notes: string[] = [];
  const condition = readyCondition(object);
  const running = object?.status?.nodeInfo?.kubeletVersion;
  if (!declaration) notes.push('cluster.yaml does not name it');
  if (!object) notes.push('it has not joined yet: its console and /var/lib/kubekiln/status.json say how far it is');
  else if (condition?.status !== 'True')
    notes.push(oneLine(condition?.message ?? condition?.reason ?? 'its kubelet has not said whether it is Ready'));
  if (object?.spec?.unschedulable === true) notes.push('cordoned: it gets no new pods');
  if (probe?.ready === false) notes.push('its API server is not ready');
  const wanted = declaration?.cluster.version.text;
  if (running !== undefined && wanted !== undefined && running !== wanted)
    notes.push(`its kubelet is ${running}, cluster.yaml says ${wanted}`);
  if (probe?.version !== undefined && wanted !== undefined && probe.version !== wanted)
    notes.push(`its API server is ${probe.version}, cluster.yaml says ${wanted}`);
  return notes;
}

/** What a node says of itself must not move a terminal's cursor. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
}
