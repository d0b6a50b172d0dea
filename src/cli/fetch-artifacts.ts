import { artifactDirectory, openStore } from '../fetch/artifact-store.ts';
import { type FetchSources, fetchArtifacts } from '../fetch/fetch-artifacts.ts';
import type { FetchOrder, FetchResult } from '../fetch/fetched.ts';
import { UPSTREAM } from '../fetch/read-digests.ts';
import { binaryDigests, imageDigest } from '../pki/pins.ts';
import { listArtifacts } from '../plan/list-artifacts.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import { urlFinding } from '../spec/registry-formats.ts';
import type { Invocation, Outcome, Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { fetchProgress } from './fetch-progress.ts';
import { fetchData, fetchText } from './fetch-report.ts';
import { loadLocked } from './images-report.ts';
import { loadClusterWithSecrets } from './loaded-cluster.ts';
import { downloadSettings, noLock, TRUSTED_ONCE } from './pin-images.ts';
import { type Project, projectOf } from './project.ts';
import { UsageError } from './usage-error.ts';
import { withProjectLock } from './with-lock.ts';
import { lockedBinary, withPins, writePins } from './write-pins.ts';

const MAX_PARALLEL = 32;
const AFTERWORD = 'What is complete stays in the store, and halves are continued: run kubekiln fetch again.';

/** `kubekiln fetch` */
export async function fetchAll(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const parallel = parallelOf(invocation);
  const given = (invocation.lists.get('mirror') ?? []).map(checkedMirror);
  const project = projectOf(invocation);
  const { problems, files, cluster, lock } = loadLocked(project);
  if (cluster === undefined) return { problems, files };
  if (lock === undefined) return { problems: [...problems, noLock(project)], files };

  const store = openStore(artifactDirectory(invocation.values.get('cache-dir')));
  const { downloads, images } = listArtifacts(cluster);
  const digests = binaryDigests(lock);
  const order: FetchOrder = {
    programs: downloads,
    images,
    architectures: [...new Set(cluster.nodes.map(({ architecture }) => architecture))].sort(),
    programDigest: source => digests.get(source),
    imageDigest: image => imageDigest(lock, image),
  };
  const progress = fetchProgress(reporter, downloads.length + images.length);
  const result = await fetchArtifacts(order, {
    store,
    ...networkOf(project, cluster, given),
    parallel,
    watcher: progress,
    from: invocation.lists.get('from') ?? [],
    offline: invocation.flags.has('offline'),
  });
  const pins = await pinFetched(project, result);
  const all = [...problems, ...result.problems, ...pins.problems];
  const summary = { cluster: cluster.name, directory: displayPath(store.directory), received: progress.received, pinned: pins.count };
  return {
    problems: all,
    files,
    text: fetchText(result, summary),
    data: fetchData(result, { ...summary, directory: store.directory }),
    notes: pins.count === 0 ? [] : [TRUSTED_ONCE],
    next: ['kubekiln bundle create'],
    ...(hasErrors(all) && { afterword: AFTERWORD }),
  };
}

/** @throws UsageError */
function parallelOf(invocation: Invocation): number {
  const word = invocation.values.get('parallel') ?? '4';
  const parallel = /^\d{1,3}$/.test(word) ? Number(word) : 0;
  if (parallel < 1 || parallel > MAX_PARALLEL) throw new UsageError(`--parallel ${word}: it must be a number from 1 to ${MAX_PARALLEL}`);
  return parallel;
}

/** @throws UsageError */
function checkedMirror(url: string): string {
  const finding = urlFinding(url);
  // a password must not stand in a message either
  if (finding) throw new UsageError(finding.secret ? `--mirror ${finding.message}` : `--mirror ${url}: it ${finding.message}`);
  return url.replace(/\/+$/, '');
}

type Network = Pick<FetchSources, 'mirrors' | 'settings' | 'registries' | 'registryCredentials'>;

function networkOf(project: Project, cluster: Cluster, given: readonly string[]): Network {
  const { credentials, authority } = downloadSettings(project, cluster);
  const mirrors = given.length > 0 ? given : cluster.binaries.urls;
  const registryCredentials = loadClusterWithSecrets(project).secrets?.registryCredentials ?? [];
  const registries = { registries: cluster.registries, registryCredentials };
  // caFile is that of the mirrors: upstream has a certificate that everybody's systems trust
  if (mirrors.length === 0) return { mirrors: [UPSTREAM], settings: { credentials: [] }, ...registries };
  return { mirrors, settings: { credentials, ...(authority !== undefined && { authority }) }, ...registries };
}

/** Pins what came without a pin, complete or not: another run must not take something else. */
async function pinFetched(project: Project, { programs, images }: FetchResult): Promise<{ count: number; problems: readonly Problem[] }> {
  const binaries = programs.filter(({ trusted }) => trusted !== undefined).map(({ program, sha256 }) => lockedBinary(program, sha256));
  const tags = images.filter(({ trusted }) => trusted).map(({ image, digest }) => ({ image, digest }));
  if (binaries.length + tags.length === 0) return { count: 0, problems: [] };
  return withProjectLock(
    project,
    problem => ({ count: 0, problems: [problem] }),
    async () => {
      // read anew: transfers take long, and another command may have written it meanwhile; what it pinned stays
      const { lock, problems } = loadLocked(project);
      if (lock === undefined) return { count: 0, problems: problems.length > 0 ? problems : [noLock(project)] };
      const known = lock.binaries ?? [];
      const more = binaries.filter(({ url }) => !known.some(one => one.url === url));
      const pinned = lock.images ?? [];
      const moreTags = tags.filter(({ image }) => !pinned.some(one => one.image === image));
      const all = [...known, ...more].toSorted((a, b) => (a.url < b.url ? -1 : 1));
      writePins(project, withPins(lock, all, [...pinned, ...moreTags]));
      return { count: more.length + moreTags.length, problems: [] };
    },
  );
}
