// What stands at a path: one artifact, a node's directory, or a whole output directory. Never throws for what it finds there.
import { basename, dirname, join } from 'node:path';
import { NODE_FILES } from '../emit/artifact.ts';
import { BAKE_ISO, IMAGE_SUMS } from '../emit/image-directory.ts';
import { MANIFEST_PATH, type Manifest } from '../emit/manifest.ts';
import { RUNTIME_ARCHIVE_PATH } from '../emit/runtime-archive.ts';
import { PLAN_ENTRY } from '../formats/payload-directory.ts';
import type { Problem } from '../problem.ts';
import { type Carrier, MAX_ARTIFACT_BYTES, readCarrier } from './carrier.ts';
import { kindOf, listFiles, readDiskFile } from './disk.ts';
import { finding, reading } from './finding.ts';
import { type ImageView, viewImage } from './image-view.ts';
import { type CarriedFile, viewPayload } from './payload-view.ts';
import { readManifest } from './read-manifest.ts';

export type Inspection =
  | { readonly kind: 'carrier'; readonly path: string; readonly carrier: Carrier }
  | { readonly kind: 'node'; readonly path: string; readonly name: string; readonly carriers: readonly Carrier[] }
  | { readonly kind: 'image'; readonly path: string; readonly image: ImageView }
  | { readonly kind: 'cluster'; readonly path: string; readonly manifest: Manifest };

export interface ReadArtifact {
  /** Absent when nothing of it could be read. */
  readonly artifact?: Inspection;
  readonly problems: readonly Problem[];
}

/** A node's artifacts that carry its payload. */
export const PAYLOAD_CARRIERS = [
  NODE_FILES.userData,
  NODE_FILES.userDataGz,
  NODE_FILES.userDataB64,
  NODE_FILES.userDataPacked,
  NODE_FILES.seedIso,
  NODE_FILES.tarball,
] as const;
const WHAT_CAN_BE_READ =
  'user-data, user-data.gz, user-data.b64, user-data.packed, seed.iso, node.tar.gz, an unpacked node.tar.gz, nodes/<node>, image, out/<cluster> or an offline bundle';

/** @param path as the operator wrote it; problems repeat it */
export function readArtifact(path: string): ReadArtifact {
  const kind = reading(path, () => kindOf(path));
  if (kind.problem) return { problems: [kind.problem] };
  if (kind.value !== 'directory') return carrierAt(path);
  const holds = (name: string) => kindOf(join(path, name)) === 'file';
  if (holds(MANIFEST_PATH)) return clusterAt(path);
  if (holds(PLAN_ENTRY)) return payloadDirectoryAt(path);
  if (holds(IMAGE_SUMS) && holds(BAKE_ISO)) return imageAt(path);
  if (PAYLOAD_CARRIERS.some(holds)) return nodeAt(path);
  return { problems: [finding('artifact-unsupported', path, 'no directory that kubekiln makes', `it reads ${WHAT_CAN_BE_READ}`)] };
}

function carrierAt(path: string): ReadArtifact {
  const { value, problem } = reading(path, () =>
    readCarrier(path, readDiskFile(path, MAX_ARTIFACT_BYTES).bytes, () => runtimeBeside(path)),
  );
  if (problem)
    return { problems: [problem.code === 'artifact-unsupported' ? { ...problem, hint: `it reads ${WHAT_CAN_BE_READ}` } : problem] };
  return { artifact: { kind: 'carrier', path, carrier: value }, problems: [] };
}

/** In out/<cluster>, the archive that completes nodes/<node>/user-data stands in image/. */
function runtimeBeside(path: string): Uint8Array | undefined {
  const file = join(dirname(path), '../..', RUNTIME_ARCHIVE_PATH);
  return kindOf(file) === 'file' ? readDiskFile(file, MAX_ARTIFACT_BYTES).bytes : undefined;
}

function nodeAt(path: string): ReadArtifact {
  const carriers: Carrier[] = [];
  const problems: Problem[] = [];
  for (const name of PAYLOAD_CARRIERS) {
    if (kindOf(join(path, name)) === undefined) continue;
    const read = carrierAt(join(path, name));
    problems.push(...read.problems);
    if (read.artifact?.kind === 'carrier') carriers.push(read.artifact.carrier);
  }
  if (carriers.length === 0) return { problems };
  return { artifact: { kind: 'node', path, name: basename(path), carriers }, problems };
}

function imageAt(path: string): ReadArtifact {
  const { value, problem } = reading(path, () => viewImage(path));
  if (problem) return { problems: [problem] };
  const problems = value.deviations.map(({ path: file, deviation }) =>
    finding('artifact-changed', join(path, file), deviation, 'build it again: kubekiln build'),
  );
  return { artifact: { kind: 'image', path, image: value }, problems };
}

function payloadDirectoryAt(path: string): ReadArtifact {
  const { value, problem } = reading(path, (): Carrier => {
    let total = 0;
    const files = listFiles(path).map((name): CarriedFile => {
      const { mode, bytes } = readDiskFile(join(path, name), MAX_ARTIFACT_BYTES - total, false);
      total += bytes.length;
      return { path: name, mode, content: bytes };
    });
    const payload = viewPayload(files);
    return { kind: 'payload directory', path, size: total, outer: files, written: [], parts: [], bootCommands: [], payload };
  });
  return problem ? { problems: [problem] } : { artifact: { kind: 'carrier', path, carrier: value }, problems: [] };
}

function clusterAt(path: string): ReadArtifact {
  const file = join(path, MANIFEST_PATH);
  const { value, problem } = reading(file, () => readManifest(readDiskFile(file, MAX_ARTIFACT_BYTES).bytes));
  if (!problem) return { artifact: { kind: 'cluster', path, manifest: value }, problems: [] };
  return { problems: [problem.code === 'artifact-damaged' ? { ...problem, code: 'manifest-invalid' } : problem] };
}
