import type { DownloadSettings } from '../fetch/http-download.ts';
import { readDigest } from '../fetch/read-digests.ts';
import type { LockedBinary, LockedImage } from '../pki/lock-file.ts';
import { binaryDigests, imageDigest } from '../pki/pins.ts';
import { listArtifacts } from '../plan/list-artifacts.ts';
import type { BinaryDownload } from '../plan/node-plan.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import { type Invocation, NOTHING_WRITTEN, type Outcome, type Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { loadLocked } from './images-report.ts';
import { loadClusterWithSecrets } from './loaded-cluster.ts';
import { type Project, projectOf } from './project.ts';
import { counted, renderTable } from './table.ts';
import { UsageError } from './usage-error.ts';
import { withProjectLock } from './with-lock.ts';
import { lockedBinary, withPins, writePins } from './write-pins.ts';

/** Said wherever a digest came from nobody but the server that gave the bytes. */
export const TRUSTED_ONCE = 'The mirror was trusted for the new digests, this once: compare them with those that upstream publishes.';

type Row = LockedBinary & { readonly from: string };

/** `kubekiln images pin` */
export async function pinImages(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const project = projectOf(invocation);
  const given = (invocation.lists.get('image') ?? []).map(parsePin);
  return withProjectLock(
    project,
    problem => ({ problems: [problem], afterword: NOTHING_WRITTEN }),
    () => pin(project, given, invocation.flags.has('dry-run'), reporter),
  );
}

/** @throws UsageError */
function parsePin(word: string): LockedImage {
  const [, image, digest] = /^(.+?)=(sha256:[0-9a-f]{64})$/.exec(word) ?? [];
  if (image === undefined || digest === undefined) throw new UsageError(`--image ${word}: it must be IMAGE=sha256:… with 64 hex digits`);
  return { image, digest };
}

async function pin(project: Project, given: readonly LockedImage[], dryRun: boolean, reporter: Reporter): Promise<Outcome> {
  const { problems, files, cluster, lock } = loadLocked(project);
  const stopped = (more: readonly Problem[]): Outcome => ({ problems: [...problems, ...more], files, afterword: NOTHING_WRITTEN });
  if (cluster === undefined) return stopped([]);
  if (lock === undefined) return stopped([noLock(project)]);
  const { downloads, images } = listArtifacts(cluster);
  const unknown = given.find(({ image }) => !images.some(one => one.image === image));
  if (unknown) throw new UsageError(`--image ${unknown.image}: nothing of this cluster refers to it (kubekiln images list)`);

  const known = binaryDigests(lock);
  const settings = downloadSettings(project, cluster);
  const rows: Row[] = [];
  const failed: Problem[] = [];
  for (const download of cluster.binaries.source === 'mirror' ? downloads : []) {
    reporter.progress(`reading ${download.source}`);
    const row = await rowOf(download, known.get(download.source), cluster, settings);
    if ('severity' in row) failed.push(row);
    else rows.push(row);
  }
  if (hasErrors(failed)) return stopped(failed);

  const pinned = images.flatMap(({ image }): LockedImage[] => {
    const digest = given.find(one => one.image === image)?.digest ?? imageDigest(lock, image);
    return digest === undefined || image.includes('@') ? [] : [{ image, digest }];
  });
  const binaries = rows.map(({ from: _from, ...binary }) => binary);
  const changed = !dryRun && writePins(project, withPins(lock, binaries, pinned));
  const trusted = rows.filter(({ from }) => from !== KEPT).length;
  const cells = rows.map(row => [row.name, row.version, row.architecture, row.sha256, row.from]);
  const said = `${counted(trusted, 'digest')} ${dryRun ? 'to pin' : 'pinned'}, ${rows.length - trusted} kept; ${counted(pinned.length, 'image')} with a digest.`;
  return {
    problems,
    files,
    text: `${renderTable(['PROGRAM', 'VERSION', 'ARCH', 'SHA256', 'FROM'], cells)}${said}\n`,
    data: { apiVersion: 'kubekiln/v1alpha1', kind: 'Pins', cluster: cluster.name, dryRun, changed, binaries: rows, images: pinned },
    notes: trusted === 0 ? [] : [TRUSTED_ONCE],
    next: ['kubekiln build'],
  };
}

const KEPT = 'cluster.lock.yaml';

async function rowOf(
  download: BinaryDownload,
  known: string | undefined,
  cluster: Cluster,
  settings: DownloadSettings,
): Promise<Row | Problem> {
  const { name, version, architecture, source } = download;
  if (known !== undefined) return { ...lockedBinary(download, known), from: KEPT };
  const read = await readDigest(source, cluster.binaries.urls, settings);
  if (!('reasons' in read)) return { ...lockedBinary(download, read.sha256), from: read.url };
  const message = `${name} ${version} (${architecture}) is on no mirror`;
  const hint = `put https://${source} there, at its address without https:// (wget -x does)`;
  return { severity: 'error', code: 'download-failed', path: [], message, hint, details: read.reasons };
}

/** A mirror may want a password, which stands in secrets.yaml; without that file, none is given. */
export function downloadSettings(project: Project, { downloads }: Cluster): DownloadSettings {
  const authority = downloads.certificateAuthority?.content;
  const credentials = loadClusterWithSecrets(project).secrets?.downloadCredentials ?? [];
  return { credentials, ...(authority !== undefined && { authority }) };
}

export function noLock(project: Project): Problem {
  const message = `no ${displayPath(project.lockFile)}, which the digests would stand in`;
  return {
    severity: 'error',
    code: 'file-not-found',
    path: [],
    message,
    hint: 'kubekiln secrets init makes it, with the keys of the cluster',
  };
}
