// The plan stage: a loop over the components for each node, then a check of what came out. It decides nothing that a component could decide.

import { invariant } from '../bug.ts';
import { binariesFile } from '../components/binaries-file.ts';
import { ADMIN_REQUEST } from '../components/bootstrap.ts';
import { COMPONENTS } from '../components/components.ts';
import { targetUnit } from '../components/first-boot.ts';
import type { CertificateRequest, Credentials, KeyPair } from '../pki/request.ts';
import type { Cluster, Node } from '../spec/cluster.ts';
import { checkPlan } from './check-plan.ts';
import { leavesByNode } from './leaves-by-node.ts';
import type {
  Component,
  Contribution,
  NodePlan,
  PlannedBinary,
  PlannedDirectory,
  PlannedFile,
  PlannedImage,
  PlannedUser,
} from './node-plan.ts';

function componentsOf(node: Node, cluster: Cluster): readonly Component[] {
  return COMPONENTS.filter(component => component.runsOn(node, cluster));
}

/** Every certificate that the cluster needs: the operator's, then node by node. */
export function certificateRequests(cluster: Cluster): readonly CertificateRequest[] {
  const ofNodes = cluster.nodes.flatMap(node =>
    componentsOf(node, cluster).flatMap(component => component.certificates?.(node, cluster) ?? []),
  );
  return [ADMIN_REQUEST, ...ofNodes];
}

/** Two components may read the same file (a CA): it is planned once, and its change restarts both. */
function mergeFile(path: string, files: readonly PlannedFile[]): PlannedFile {
  const [first, ...others] = files;
  invariant(first, `no file for ${path}`);
  for (const other of others) {
    const same = other.content === first.content && other.mode === first.mode && other.owner === first.owner && other.part === first.part;
    invariant(same && other.secret === first.secret, `two components plan ${path} differently`);
  }
  // not { ...first, restarts }: V8 makes a new hidden class each time for a literal that goes on behind a spread, and a thousand nodes have 40,000 files
  return Object.assign({}, first, { restarts: [...new Set(files.flatMap(file => file.restarts))].sort() });
}

function byPath<T extends { readonly path: string }>(items: readonly T[], merge: (path: string, same: readonly T[]) => T): readonly T[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(item.path, [...(groups.get(item.path) ?? []), item]);
  return [...groups].map(([path, same]) => merge(path, same)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function onlyOne<T extends { readonly path: string }>(path: string, same: readonly T[]): T {
  const [first] = same;
  invariant(first && same.every(item => JSON.stringify(item) === JSON.stringify(first)), `${path} is planned in two ways`);
  return first;
}

// The parents of what we place belong to us as well; roots that every system has are left as they are.
const SYSTEM_DIRECTORIES =
  /^\/(etc|usr|usr\/local|usr\/local\/(s?bin|lib)|var|var\/(lib|log)|etc\/(systemd|systemd\/system|sysctl\.d|modules-load\.d)|opt)$/;

function directoriesFor(
  cluster: Cluster,
  files: readonly PlannedFile[],
  planned: readonly PlannedDirectory[],
): readonly PlannedDirectory[] {
  const known = new Map(planned.map(directory => [directory.path, directory]));
  for (const { path } of [...files, ...planned]) {
    for (let parent = path.slice(0, path.lastIndexOf('/')); parent !== ''; parent = parent.slice(0, parent.lastIndexOf('/'))) {
      if (known.has(parent) || SYSTEM_DIRECTORIES.test(parent)) continue;
      const secret = parent === cluster.paths.pki || parent.startsWith(`${cluster.paths.pki}/`);
      known.set(parent, { path: parent, mode: secret ? 0o700 : 0o755, owner: 'root', ...(!secret && { keepExisting: true }) });
    }
  }
  return byPath([...known.values()], onlyOne);
}

function planNode(
  cluster: Cluster,
  node: Node,
  credentials: Credentials,
  leaves: readonly KeyPair[],
  objects: readonly object[],
  digests: ReadonlyMap<string, string>,
): NodePlan {
  const contributions: readonly Contribution[] = componentsOf(node, cluster).map(component =>
    component.plan({ cluster, node, credentials, leaves, objects }),
  );
  const units = contributions.flatMap(contribution => contribution.units ?? []);
  const target = targetUnit(units.filter(unit => unit.startedBy === 'target').map(unit => unit.name));
  const binaries = byPath<PlannedBinary>(
    contributions.flatMap(contribution => contribution.binaries ?? []),
    onlyOne,
  );
  const planned = contributions.flatMap(contribution => contribution.files ?? []);
  const files = byPath([...planned, target, ...binariesFile(cluster, node, binaries, digests, imagesOf(cluster))], mergeFile);
  const identity = credentials.nodes.get(node.name);
  invariant(identity, `node ${node.name} has no generation`);
  const users = contributions.flatMap(contribution => contribution.users ?? []);
  return {
    clusterName: cluster.name,
    node,
    ...identity,
    files,
    directories: directoriesFor(
      cluster,
      files,
      contributions.flatMap(contribution => contribution.directories ?? []),
    ),
    users: [...new Map(users.map((user): [string, PlannedUser] => [user.name, user])).values()],
    units,
    binaries,
    modules: [...new Set(contributions.flatMap(contribution => contribution.modules ?? []))],
    tools: contributions.flatMap(contribution => contribution.tools ?? []),
  };
}

/** Container images, each once, in the order in which components name them. */
export function imagesOf(cluster: Cluster): readonly PlannedImage[] {
  const images = COMPONENTS.flatMap(component => component.images?.(cluster) ?? []);
  return images.filter(({ image }, place) => place === images.findIndex(other => other.image === image));
}

/** Files of the runtime part for nodes that may come, in a cluster of any nodes. */
export function runtimeFiles(cluster: Cluster): readonly PlannedFile[] {
  return COMPONENTS.flatMap(component => component.runtimeFiles?.(cluster) ?? []);
}

/**
 * One plan per node, in the order of cluster.yaml: made when a pass comes to it, and again by the next pass, since those of a large cluster are large.
 * @param digests hex SHA-256 of downloads by their source, `sha256:…` of images by their names
 * @param nodes of the cluster, where not all of them are asked for
 * @throws Bug, on a pass, when a component planned something that could not stand on a node.
 */
export function planNodes(
  cluster: Cluster,
  credentials: Credentials,
  digests: ReadonlyMap<string, string> = new Map(),
  nodes: readonly Node[] = cluster.nodes,
): Iterable<NodePlan> {
  const objects = COMPONENTS.flatMap(component => component.objects?.(cluster) ?? []);
  const leaves = leavesByNode(credentials);
  return {
    *[Symbol.iterator]() {
      for (const node of nodes) {
        const plan = planNode(cluster, node, credentials, leaves.get(node.name) ?? [], objects, digests);
        checkPlan(plan);
        yield plan;
      }
    },
  };
}

/** Of nodes that differ in nothing but their names and addresses, one: which programs and which runtime part they have, it says for all of them. */
export function nodeOfEachKind({ nodes }: Cluster): readonly Node[] {
  const kinds = new Map<string, Node>();
  for (const node of nodes) {
    const { name: _name, address: _address, addresses, ...settings } = node;
    const kind = JSON.stringify([addresses.length, settings]);
    if (!kinds.has(kind)) kinds.set(kind, node);
  }
  return [...kinds.values()];
}

/** The plans of `planNodes`, all at once. */
export function planCluster(...cluster: Parameters<typeof planNodes>): readonly NodePlan[] {
  return [...planNodes(...cluster)];
}
