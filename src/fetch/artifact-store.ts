// Everything that came from outside, by its SHA-256, shared by all clusters. What stands below sha256/ is complete and checked: it gets there by a rename.
import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface ArtifactStore {
  readonly directory: string;
  /** Where a blob stands, or would. @param sha256 64 hex digits */
  pathOf(sha256: string): string;
  has(sha256: string): boolean;
  /** A half that a later run continues. @param hex the SHA-256 that it should get or, where nobody knows that, of its URL */
  partialOf(hex: string): string;
  /** Where something is kept that is not what it should be, for a look at it. */
  rejectedOf(hex: string, name: string): string;
}

/** The directory of `--cache-dir`, or the one of https://specifications.freedesktop.org/basedir-spec/latest/ */
export function artifactDirectory(given?: string): string {
  if (given !== undefined) return resolve(given);
  const { XDG_CACHE_HOME: cache = '' } = process.env;
  // the specification: a relative path there is to be ignored
  return join(cache.startsWith('/') ? cache : join(homedir(), '.cache'), 'kubekiln', 'artifacts');
}

/** @param directory need not exist: then nothing is in it */
export function openStore(directory: string): ArtifactStore {
  const pathOf = (sha256: string) => join(directory, 'sha256', sha256);
  return {
    directory,
    pathOf,
    has: sha256 => statSync(pathOf(sha256), { throwIfNoEntry: false })?.isFile() === true,
    partialOf: hex => join(directory, 'partial', hex),
    rejectedOf: (hex, name) => join(directory, 'rejected', `${hex}-${name.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 100)}`),
  };
}

/** Makes the directories of a store that will be written. @throws system errors */
export function prepareStore(store: ArtifactStore): void {
  for (const name of ['sha256', 'partial', 'rejected']) mkdirSync(join(store.directory, name), { recursive: true });
}
