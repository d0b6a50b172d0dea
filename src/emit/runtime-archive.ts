// image/runtime.tar.gz: the runtime part of all nodes as one archive, for machine images and mirrors. It names no node and holds nothing secret.
import { createHash } from 'node:crypto';
import { invariant } from '../bug.ts';
import { gzip } from '../formats/gzip.ts';
import { entryOf } from '../formats/payload-directory.ts';
import { writeTar } from '../formats/tar-writer.ts';
import type { NodePlan, PlannedFile } from '../plan/node-plan.ts';
import { type Artifact, bytesOf, PUBLIC_MODE } from './artifact.ts';
import { stagedMode } from './payload.ts';

export const RUNTIME_ARCHIVE_PATH = 'image/runtime.tar.gz';
/** Where a machine image holds the archive, under its `name`. */
export const RUNTIME_IMAGE_DIRECTORY = '/usr/local/share/kubekiln';
const DIGEST_CHARACTERS_IN_NAME = 12;

export interface RuntimeArchive {
  readonly content: Uint8Array;
  /** Hex SHA-256 of `content`. */
  readonly digest: string;
  /** What images and mirrors call it, so that archives of several versions stand side by side: `runtime-3f9ac1d2e4b5.tar.gz`. */
  readonly name: string;
}

/**
 * Unpacked into a payload directory, it completes what user-data without the runtime part brings.
 * @param more what no node of today has, but one of tomorrow may
 * @throws Bug when a file of it is not the same on all nodes, or secret
 */
export function runtimeArchive(plans: Iterable<NodePlan>, more: readonly PlannedFile[] = []): RuntimeArchive {
  const files = new Map<string, PlannedFile>();
  const add = (file: PlannedFile) => {
    const known = files.get(file.path) ?? file;
    invariant(known.content === file.content && known.mode === file.mode, `${file.path} is of the runtime part, but differs between nodes`);
    invariant(
      !file.secret && (file.fromOperator || !file.content.includes('-----BEGIN ')),
      `${file.path} is of the runtime part, but holds a key or a certificate`,
    );
    files.set(file.path, known);
  };
  for (const plan of plans) plan.files.filter(({ part }) => part === 'runtime').forEach(add);
  more.forEach(add);
  const entries = [...files.values()]
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, mode, content }) => ({ path: entryOf(path), mode: stagedMode(mode), content: bytesOf(content) }));
  const content = gzip(writeTar(entries));
  const digest = createHash('sha256').update(content).digest('hex');
  return { content, digest, name: runtimeArchiveName(digest) };
}

export function runtimeArchiveName(digest: string): string {
  return `runtime-${digest.slice(0, DIGEST_CHARACTERS_IN_NAME)}.tar.gz`;
}

export function runtimeArtifact({ content }: RuntimeArchive): Artifact {
  return { path: RUNTIME_ARCHIVE_PATH, mode: PUBLIC_MODE, content };
}
