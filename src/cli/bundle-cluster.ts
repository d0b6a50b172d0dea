import { architecturesOf, type Wanted, wantedOf } from '../bundle/wanted.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { SourceFile } from '../source-text.ts';
import type { Architecture, Cluster } from '../spec/cluster.ts';
import type { Invocation } from './command.ts';
import { loadLocked } from './images-report.ts';
import { projectOf, readIfPresent } from './project.ts';
import { UsageError } from './usage-error.ts';

/** What --arch says, or the architectures of all nodes. @throws UsageError for one that no node has */
export function chosenArchitectures(invocation: Invocation, cluster: Cluster): readonly Architecture[] {
  const own = architecturesOf(cluster);
  const words = invocation.lists.get('arch');
  const strange = words?.find(word => !own.some(one => one === word));
  if (strange !== undefined) throw new UsageError(`--arch ${strange}: the nodes of ${cluster.name} are ${own.join(' and ')}`);
  return words === undefined ? own : own.filter(one => words.includes(one));
}

export interface WantedByCluster {
  readonly problems: readonly Problem[];
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Absent where there is no cluster.yaml, or it has errors. */
  readonly wanted?: Wanted;
  readonly cluster?: string;
}

/** What the cluster of -f, or of a cluster.yaml here, needs; nothing where there is none. @throws UsageError and system errors */
export function wantedByCluster(invocation: Invocation): WantedByCluster {
  const project = projectOf(invocation);
  const named = invocation.values.has('file');
  if (!named && project.clusterFile !== undefined && readIfPresent(project.clusterFile) === undefined)
    return { problems: [], files: new Map() };
  const { problems, files, cluster, lock } = loadLocked(project);
  if (cluster === undefined || hasErrors(problems)) return { problems, files };
  return { problems, files, wanted: wantedOf(cluster, lock, chosenArchitectures(invocation, cluster)), cluster: cluster.name };
}
