// Reading from the operator's disk within limits. Nothing but regular files is opened: a pipe would wait for ever, a device never end.
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { FormatError } from '../formats/format-error.ts';

export interface DiskFile {
  readonly mode: number;
  readonly bytes: Uint8Array;
}

const MAX_TREE_ENTRIES = 100_000;
const MAX_TREE_DEPTH = 32;

/** The kind of a path; undefined when there is nothing. Links are followed. */
export function kindOf(path: string): 'file' | 'directory' | 'other' | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if (stat.isDirectory()) return 'directory';
  return stat.isFile() ? 'file' : 'other';
}

/**
 * Reads a whole file.
 * @param limit largest accepted size in bytes
 * @param follow whether the last element may be a symbolic link
 * @throws FormatError when it is too large or no file; system errors (see finding.ts)
 */
export function readDiskFile(path: string, limit: number, follow = true): DiskFile {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW));
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new FormatError('unsupported', 'not a regular file');
    if (stat.size > limit) throw new FormatError('too-large', `${stat.size} bytes; kubekiln reads at most ${limit}`);
    const bytes = Buffer.alloc(stat.size);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < bytes.length; filled += count)
      count = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
    return { mode: stat.mode & 0o7777, bytes: bytes.subarray(0, filled) };
  } finally {
    closeSync(descriptor);
  }
}

/** Paths of all files below a directory, relative and sorted. @throws FormatError for links, devices, and trees without end */
export function listFiles(directory: string): readonly string[] {
  const files: string[] = [];
  const walk = (relative: string, depth: number) => {
    if (depth > MAX_TREE_DEPTH) throw new FormatError('too-large', 'its directories are too deep');
    for (const entry of readdirSync(relative === '' ? directory : `${directory}/${relative}`, { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) walk(path, depth + 1);
      else if (!entry.isFile()) throw new FormatError('unsafe', `${JSON.stringify(path)} is neither a file nor a directory`);
      else files.push(path);
      if (files.length > MAX_TREE_ENTRIES) throw new FormatError('too-large', `more than ${MAX_TREE_ENTRIES} files`);
    }
  };
  walk('', 0);
  return files.toSorted();
}

/** Permission bits of a path itself; undefined when there is nothing. */
export function modeOf(path: string): number | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat && stat.mode & 0o7777;
}
