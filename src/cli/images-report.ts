import { type Lock, parseLock } from '../pki/lock-file.ts';
import { binaryDigests, imageDigest, urlOf } from '../pki/pins.ts';
import { listArtifacts } from '../plan/list-artifacts.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { SourceFile } from '../source-text.ts';
import { sourceFile } from '../source-text.ts';
import type { Cluster } from '../spec/cluster.ts';
import type { Invocation, Outcome } from './command.ts';
import { displayPath } from './display-path.ts';
import { loadCluster } from './loaded-cluster.ts';
import { type Project, projectOf, readIfPresent } from './project.ts';
import { renderTable } from './table.ts';

export interface LockedCluster {
  readonly problems: readonly Problem[];
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Only without errors. */
  readonly cluster?: Cluster;
  readonly lock?: Lock;
}

/** cluster.yaml and the lock beside it, where there is one. @throws system errors */
export function loadLocked(project: Project): LockedCluster {
  const loaded = loadCluster(project);
  const text = readIfPresent(project.lockFile)?.text;
  const name = displayPath(project.lockFile);
  const read: ReturnType<typeof parseLock> = text === undefined ? { problems: [] } : parseLock({ fileName: name, text });
  const problems = [...loaded.problems, ...read.problems];
  const files = new Map([...loaded.files, ...(text === undefined ? [] : [[name, sourceFile(name, text)] as const])]);
  if (loaded.cluster === undefined || hasErrors(problems)) return { problems, files };
  return { problems, files, cluster: loaded.cluster, ...(read.lock && { lock: read.lock }) };
}

/** `kubekiln images list` */
export async function listImages(invocation: Invocation): Promise<Outcome> {
  const { problems, files, cluster, lock } = loadLocked(projectOf(invocation));
  if (cluster === undefined) return { problems, files };
  const { downloads, packages, images } = listArtifacts(cluster);
  const digests = binaryDigests(lock);
  const binaries = downloads.map(({ name, version, architecture, source }) => {
    const sha256 = digests.get(source);
    return { name, version, architecture, url: urlOf(source), ...(sha256 !== undefined && { sha256 }) };
  });
  const pulled = images.map(({ image, usedBy }) => {
    const digest = imageDigest(lock, image);
    return { image, usedBy, ...(digest !== undefined && { digest }) };
  });
  const fromSystem = packages.map(({ path, description }) => ({ path, description }));
  const programs = binaries.map(one => [one.name, one.version, one.architecture, one.sha256 ?? '-', one.url]);
  const text = [
    renderTable(['PROGRAM', 'VERSION', 'ARCH', 'SHA256', 'UPSTREAM'], programs),
    renderTable(
      ['IMAGE', 'DIGEST', 'USED BY'],
      pulled.map(one => [one.image, one.digest ?? '-', one.usedBy]),
    ),
    renderTable(
      ['FROM THE DISTRIBUTION', 'WHAT'],
      fromSystem.map(one => [one.path, one.description]),
    ),
  ].join('\n');
  const data = {
    apiVersion: 'kubekiln/v1alpha1',
    kind: 'ImageList',
    cluster: cluster.name,
    binaries,
    images: pulled,
    packages: fromSystem,
  };
  return { problems, files, text, data };
}
