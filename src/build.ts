// The pipeline, and the best place to start reading: cluster.yaml ─spec→ Cluster ─pki→ Credentials ─plan→ NodePlan[] ─emit→ Artifact[].
// Each stage reports everything that it finds; a later stage never runs on bad input; nothing here touches the disk.

import { addonProblems } from './components/addon-problems.ts';
import { adminConf } from './components/admin-conf.ts';
import { NODE_LAYOUT } from './components/locations.ts';
import { type Artifact, bytesOf, PUBLIC_MODE, SECRET_MODE } from './emit/artifact.ts';
import { type EmittedNodes, emitNodes } from './emit/emit-nodes.ts';
import { type ImageDirectory, imageDirectory } from './emit/image-directory.ts';
import { buildManifest, listedArtifact } from './emit/manifest.ts';
import { type RuntimeArchive, runtimeArchive } from './emit/runtime-archive.ts';
import type { SizeReport } from './emit/size-report.ts';
import { fillCredentials } from './pki/credentials.ts';
import { compareWithLock, type Lock, lockOf, parseLock, serializeLock } from './pki/lock-file.ts';
import { FETCH, missingBinaryDigests, missingImageDigests, pinnedDigests, unpinnedImages } from './pki/pins.ts';
import { plainLogins } from './pki/plain-logins.ts';
import type { Credentials, KeyPair } from './pki/request.ts';
import { parseSecrets, serializeSecrets } from './pki/secrets-file.ts';
import type { QuietTime } from './pki/validity-problems.ts';
import { planImage } from './plan/image-plan.ts';
import { leavesByNode } from './plan/leaves-by-node.ts';
import { listArtifacts } from './plan/list-artifacts.ts';
import { certificateRequests, imagesOf, nodeOfEachKind, planNodes, runtimeFiles } from './plan/plan-cluster.ts';
import { hasErrors, type Problem } from './problem.ts';
import { type SourceFile, sourceFile } from './source-text.ts';
import type { Cluster } from './spec/cluster.ts';
import { readCluster } from './spec/read-cluster.ts';
import type { SiblingReader } from './spec/siblings.ts';

export interface BuildInput {
  readonly clusterFile: { readonly name: string; readonly bytes: Uint8Array };
  readonly readSibling: SiblingReader;
  readonly secretsFile?: { readonly name: string; readonly text: string; readonly mode?: number };
  readonly lockFile?: { readonly name: string; readonly text: string };
  /** seconds since 1970 */
  readonly now: number;
  /** Refuse to issue anything: what is missing is an error. */
  readonly locked: boolean;
  /** kubekiln's own version, for the manifest and the lock. */
  readonly version: string;
}

export interface BuildOutput {
  readonly cluster: Cluster;
  /** The secrets file's new text; absent when it is what it was. */
  readonly secretsText?: string;
  readonly lockText: string;
  /** Paths relative to out/<cluster>/. */
  readonly artifacts: readonly Artifact[];
  readonly sizes: SizeReport;
  /** Name and SHA-256 of image/runtime.tar.gz, by which images and mirrors must have it. */
  readonly runtime: { readonly name: string; readonly digest: string };
  readonly issued: number;
  readonly reused: number;
  /** seconds since 1970: the end of the certificate that ends first */
  readonly firstExpiry: number;
  /** seconds since 1970: until then blank nodes may found the cluster */
  readonly bootBefore: number;
  /** When a build of the same input says nothing about dates. */
  readonly quiet: QuietTime;
}

export interface BuildResult {
  readonly problems: readonly Problem[];
  /** Texts that problems point into, by the name that they use. */
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Absent when a problem is an error. */
  readonly output?: BuildOutput;
}

/** cluster.yaml, secrets.yaml and cluster.lock.yaml in; every artifact out, or the problems that stand against it. */
export async function build(input: BuildInput): Promise<BuildResult> {
  const problems: Problem[] = [];
  const files = new Map<string, SourceFile>();
  const stopped = () => ({ problems, files });

  const spec = readCluster({ fileName: input.clusterFile.name, bytes: input.clusterFile.bytes, readSibling: input.readSibling });
  files.set(input.clusterFile.name, spec.source);
  const previous = readLock(input, files);
  problems.push(...spec.problems, ...previous.problems);
  const { cluster } = spec;
  if (!cluster || hasErrors(problems)) return stopped();

  const secrets = readSecrets(input, cluster);
  problems.push(...addonProblems(cluster, input.clusterFile.name), ...secrets.problems);
  // A secrets file that cannot be read has said so: the lock has nothing to add.
  if (!hasErrors(problems)) problems.push(...compareWithLock(cluster, secrets.secrets, previous.lock, input.clusterFile.name));
  if (!secrets.secrets || hasErrors(problems)) return stopped();
  problems.push(...plainLogins(cluster, secrets.secrets));

  const filled = await fillCredentials(cluster, secrets.secrets, certificateRequests(cluster), { now: input.now, locked: input.locked });
  problems.push(...filled.problems);
  const { credentials, quiet } = filled;
  if (!credentials || !quiet || hasErrors(problems)) return stopped();
  // before the nodes are emitted: it takes as much memory as they do, for a moment
  const secretsText = filled.secrets === secrets.secrets ? undefined : serializeSecrets(filled.secrets);

  problems.push(...pinProblems(cluster, previous.lock, input.locked));
  if (hasErrors(problems)) return stopped();
  const images = imagesOf(cluster).map(({ image }) => image);
  const digests = pinnedDigests(previous.lock, images);
  const archive = runtimeArchive([...planNodes(cluster, credentials, digests, nodeOfEachKind(cluster))], runtimeFiles(cluster));
  const carrier = { ...cluster.runtime, bundleDirectory: cluster.bundle.directory, archive };
  const nodes = emitNodes(planNodes(cluster, credentials, digests), NODE_LAYOUT, carrier, cluster.node.userDataParts);
  problems.push(...nodes.sizes.problems);
  if (hasErrors(problems)) return stopped();

  const image = imageDirectory(planImage(cluster, digests), archive);
  const output = {
    cluster,
    ...(secretsText !== undefined && { secretsText }),
    lockText: serializeLock(lockOf(cluster, filled.secrets, previous.lock, input.version)),
    artifacts: withManifest(input, cluster, credentials, nodes, archive, image),
    sizes: nodes.sizes,
    runtime: { name: archive.name, digest: archive.digest },
    issued: filled.issued,
    reused: filled.reused,
    firstExpiry: firstExpiry(credentials, credentials.leaves.values()),
    bootBefore: credentials.bootstrapBefore,
    quiet,
  };
  return { problems, files, output };
}

function pinProblems(cluster: Cluster, lock: Lock | undefined, locked: boolean): readonly Problem[] {
  const { source } = cluster.binaries;
  const sources = source === 'image' ? [] : listArtifacts(cluster).downloads.map(download => download.source);
  const images = imagesOf(cluster).map(({ image }) => image);
  return [
    ...missingBinaryDigests(sources, lock, source === 'bundle' ? FETCH : undefined),
    ...(source === 'bundle' ? missingImageDigests(images, lock) : locked ? unpinnedImages(images, lock) : []),
  ];
}

function readLock(
  { lockFile }: BuildInput,
  files: Map<string, SourceFile>,
): { readonly lock?: Lock; readonly problems: readonly Problem[] } {
  if (!lockFile) return { problems: [] };
  files.set(lockFile.name, sourceFile(lockFile.name, lockFile.text));
  return parseLock({ fileName: lockFile.name, text: lockFile.text });
}

// Its text never goes into `files`: an excerpt around a problem could show a key.
function readSecrets({ secretsFile }: BuildInput, cluster: Cluster): ReturnType<typeof parseSecrets> {
  if (!secretsFile) return { problems: [] };
  const { name, text, mode } = secretsFile;
  return parseSecrets({ fileName: name, text, clusterName: cluster.name, ...(mode !== undefined && { mode }) });
}

/** What belongs to no node: the operator's kubeconfig, a .gitignore since keys stand here, and the manifest over everything. */
function withManifest(
  { version }: BuildInput,
  cluster: Cluster,
  credentials: Credentials,
  nodes: EmittedNodes,
  archive: RuntimeArchive,
  image: ImageDirectory,
): readonly Artifact[] {
  const ofCluster = [
    { path: '.gitignore', mode: PUBLIC_MODE, content: bytesOf('*\n') },
    { path: 'admin.conf', mode: SECRET_MODE, content: bytesOf(adminConf(cluster, credentials)) },
    ...image.artifacts,
  ];
  const leaves = leavesByNode(credentials);
  const manifest = buildManifest({
    clusterName: cluster.name,
    kubernetesVersion: cluster.version.text,
    kubekilnVersion: version,
    bootBefore: credentials.bootstrapBefore,
    runtime: { source: cluster.runtime.source, archive },
    image: image.digest,
    nodes: nodes.payloads.map(payload => ({ payload, notAfter: firstExpiry(credentials, leaves.get(payload.node.name) ?? []) })),
    artifacts: [...ofCluster.map(listedArtifact), ...nodes.listed],
  });
  return [...ofCluster, ...nodes.artifacts, manifest];
}

/** End of the certificate that ends first. A worker without certificates lives as long as the cluster CA. */
function firstExpiry({ authorities }: Credentials, leaves: Iterable<KeyPair>): number {
  let first = authorities.kubernetes.notAfter;
  for (const { notAfter } of leaves) first = Math.min(first, notAfter);
  return first;
}
