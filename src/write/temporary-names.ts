// Everything that exists only while a run is under way bears this prefix, so that one line in .gitignore covers what a killed run leaves behind
// (half a secrets file among it). The names are fixed, not random: whoever holds the lock knows that what bears them is a dead run's.
import { basename, dirname, join } from 'node:path';

export const TEMPORARY_PREFIX = '.kubekiln-';

/** Where the new content of a file or directory is prepared. */
export function newName(path: string): string {
  return join(dirname(path), `${TEMPORARY_PREFIX}new.${basename(path)}`);
}

/** Where the old content of a directory stands while the new one takes its place. */
export function oldName(path: string): string {
  return join(dirname(path), `${TEMPORARY_PREFIX}old.${basename(path)}`);
}
