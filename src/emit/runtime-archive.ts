// image/runtime.tar.gz: the runtime part of all nodes as one archive, for machine images and mirrors. It names no node and holds nothing secret.
import { createHash } from 'node:crypto';
import { invariant } from '../bug.ts';
import { gunzip, gzip } from '../formats/gzip.ts';
import { entryOf } from '../formats/payload-directory.ts';
import { readTar } from '../formats/tar-reader.ts';
import { writeTar } from '../formats/tar-writer.ts';
import type { NodePlan, PlannedFile } from '../plan/node-plan.ts';
import { type Artifact, bytesOf, PUBLIC_MODE } from './artifact.ts';
import { stagedMode } from './payload.ts';

export const RUNTIME_ARCHIVE_PATH = 'image/runtime.tar.gz';
/** Where a machine image holds the archive, under its `name`. */
export const RUNTIME_IMAGE_DIRECTORY = '/usr/local/share/kubekiln';
/** Far above what templates and add-ons hold. */
const LIMIT = 2 ** 28;
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
 * @param plans of nodes of each kind: `runtimeCheck` looks at all of them
 * @param more what no node of today has, but one of tomorrow may
 * @throws Bug when a file of it is not the same on all nodes, or secret
 */
export function runtimeArchive(plans: readonly NodePlan[], more: readonly PlannedFile[] = []): RuntimeArchive {
  const files = new Map<string, PlannedFile>();
  for (const file of [...plans.flatMap(plan => plan.files.filter(({ part }) => part === 'runtime')), ...more]) {
    const known = files.get(file.path) ?? file;
    invariant(known.content === file.content && known.mode === file.mode, `${file.path} is of the runtime part, but differs between nodes`);
    invariant(
      !file.secret && (file.fromOperator || !file.content.includes('-----BEGIN ')),
      `${file.path} is of the runtime part, but holds a key or a certificate`,
    );
    files.set(file.path, file);
  }
  const entries = [...files.values()]
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, mode, content }) => ({ path: entryOf(path), mode: stagedMode(mode), content: bytesOf(content) }));
  const content = gzip(writeTar(entries));
  const digest = createHash('sha256').update(content).digest('hex');
  return { content, digest, name: runtimeArchiveName(digest) };
}

/** Reads the archive back once. @returns what throws a Bug for a plan whose runtime part is not in it */
export function runtimeCheck({ content }: RuntimeArchive): (plan: NodePlan) => void {
  const files = readTar(gunzip(content, LIMIT)).map(
    file => [file.path, { mode: file.mode, text: Buffer.from(file.content).toString() }] as const,
  );
  const held = new Map(files);
  return plan => {
    for (const file of plan.files.filter(({ part }) => part === 'runtime')) {
      const other = held.get(entryOf(file.path));
      const same = other?.mode === stagedMode(file.mode) && other.text === file.content;
      invariant(same, `${file.path} is of the runtime part of ${plan.node.name}, but not in the archive`);
    }
  };
}

export function runtimeArchiveName(digest: string): string {
  return `runtime-${digest.slice(0, DIGEST_CHARACTERS_IN_NAME)}.tar.gz`;
}

export function runtimeArtifact({ content }: RuntimeArchive): Artifact {
  return { path: RUNTIME_ARCHIVE_PATH, mode: PUBLIC_MODE, content };
}
