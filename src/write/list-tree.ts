import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { failedWith } from './file-system-problem.ts';

export interface TreeEntry {
  /** Relative to the directory, with forward slashes. */
  readonly path: string;
  /** Permission bits; -1 for what is neither a file nor a directory. */
  readonly mode: number;
}

/** All files below a directory, not the directories; undefined when it does not exist. @throws the system error, e.g. ENOTDIR */
export function listTree(directory: string): readonly TreeEntry[] | undefined {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
  return entries.flatMap(entry => {
    if (entry.isDirectory()) {
      return (listTree(join(directory, entry.name)) ?? []).map(below => ({ ...below, path: `${entry.name}/${below.path}` }));
    }
    return [{ path: entry.name, mode: entry.isFile() ? statSync(join(directory, entry.name)).mode & 0o7777 : -1 }];
  });
}
