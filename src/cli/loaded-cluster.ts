// cluster.yaml and its secrets.yaml, read and checked: what every command but build starts from that needs keys.
import { compareWithLock, parseLock } from '../pki/lock-file.ts';
import type { Secrets } from '../pki/secrets.ts';
import { parseSecrets } from '../pki/secrets-file.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { SourceFile } from '../source-text.ts';
import type { Cluster } from '../spec/cluster.ts';
import { readCluster } from '../spec/read-cluster.ts';
import { displayPath } from './display-path.ts';
import { type Project, readClusterBytes, readIfPresent, siblingReader } from './project.ts';

export interface LoadedCluster {
  readonly problems: readonly Problem[];
  readonly files: ReadonlyMap<string, SourceFile>;
  readonly cluster?: Cluster;
  /** Only without errors. */
  readonly secrets?: Secrets;
}

/** @throws system errors */
export function loadCluster(project: Project): LoadedCluster {
  const spec = readCluster({ fileName: project.clusterFileName, bytes: readClusterBytes(project), readSibling: siblingReader(project) });
  const files = new Map([[spec.source.name, spec.source]]);
  const problems = [...spec.problems];
  const { cluster } = spec;
  return cluster === undefined ? { problems, files } : { problems, files, cluster };
}

/** @throws system errors */
export function loadClusterWithSecrets(project: Project): LoadedCluster {
  const loaded = loadCluster(project);
  const { cluster, files } = loaded;
  if (cluster === undefined) return loaded;
  const problems = [...loaded.problems];
  const secretsFile = readIfPresent(project.secretsFile);
  const lockFile = readIfPresent(project.lockFile);
  const lock = lockFile && parseLock({ fileName: displayPath(project.lockFile), text: lockFile.text });
  const read =
    secretsFile &&
    parseSecrets({ fileName: displayPath(project.secretsFile), text: secretsFile.text, mode: secretsFile.mode, clusterName: cluster.name });
  problems.push(...(lock?.problems ?? []), ...(read?.problems ?? []));
  if (!hasErrors(problems)) problems.push(...compareWithLock(cluster, read?.secrets, lock?.lock));
  if (hasErrors(problems) || read?.secrets === undefined) return { problems, files, cluster };
  return { problems, files, cluster, secrets: read.secrets };
}
