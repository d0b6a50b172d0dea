// A directory tree, whole or not at all: the new one is prepared beside the old one, made durable, and takes its place with two renames. A run
// that is killed before them leaves the old tree; one that is killed between them is repaired by `recoverTree`, which every later run calls.
// The caller holds the lock of the directory (lock.ts).
import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { invariant } from '../bug.ts';
import { syncDirectory } from './atomic-file.ts';
import { undoWhenInterrupted } from './cleanup.ts';
import { about, failedWith, named } from './file-system-problem.ts';
import { listTree } from './list-tree.ts';
import { newName, oldName } from './temporary-names.ts';

export interface TreeFile {
  /** Relative, clean, with forward slashes: `nodes/cp-1/user-data`. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

const DIRECTORY_MODE = 0o700;

/** Files that are made durable at once: few enough for the limit on open files, enough for the file system to commit them together. */
const BATCH = 64;

/** Repairs what a killed run left: moves the old tree back when no new one took its place, and removes what is half-written. */
export function recoverTree(directory: string): void {
  about(directory, () => {
    rmSync(newName(directory), { recursive: true, force: true });
    const old = oldName(directory);
    if (!existsSync(old)) return;
    if (existsSync(directory)) rmSync(old, { recursive: true, force: true });
    else renameSync(old, directory);
  });
}

/** True when the directory holds exactly these files, with these modes: nothing needs to be written. Stops at the first that differs. */
function isSame(directory: string, files: Iterable<TreeFile>): boolean {
  const present = listTree(directory);
  if (present === undefined) return false;
  const modes = new Map(present.map(entry => [entry.path, entry.mode]));
  for (const { path, mode, content } of files) {
    if (modes.get(path) !== mode || !readFileSync(join(directory, path)).equals(content)) return false;
    modes.delete(path);
  }
  return modes.size === 0;
}

function makeDirectory(path: string): void {
  mkdirSync(path, DIRECTORY_MODE);
  // the umask may have taken away what the owner needs
  chmodSync(path, DIRECTORY_MODE);
}

/** Makes the directories above a file that are not in `made`, and adds them. */
function makeParents(root: string, path: string, made: Set<string>, display: string): void {
  const parent = dirname(path);
  if (parent === '.' || made.has(parent)) return;
  makeParents(root, parent, made, display);
  about(join(display, parent), () => makeDirectory(join(root, parent)));
  made.add(parent);
}

/** @returns the open descriptor: the caller makes the file durable and closes it. */
function writeNew(path: string, file: TreeFile): number {
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(descriptor, file.content);
    fchmodSync(descriptor, file.mode);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

async function writeBatch(root: string, files: readonly TreeFile[], display: string): Promise<void> {
  const open: number[] = [];
  try {
    for (const file of files) about(join(display, file.path), () => open.push(writeNew(join(root, file.path), file)));
    const synced = await Promise.allSettled(open.map(descriptor => promisify(fsync)(descriptor)));
    for (const [index, result] of synced.entries()) {
      if (result.status === 'rejected') throw named(result.reason, join(display, files[index]?.path ?? ''));
    }
  } finally {
    for (const descriptor of open) closeSync(descriptor);
  }
}

/**
 * Makes `directory` hold exactly these files. @returns false when it already did and nothing was touched.
 * @param files two passes at most, of which the first stops at a difference: the file that differs most often is best the first
 * @throws the system error, naming the path; the old tree is whole then.
 */
export async function replaceTree(directory: string, files: Iterable<TreeFile>): Promise<boolean> {
  if (about(directory, () => isSame(directory, files))) return false;
  const fresh = newName(directory);
  const remove = () => rmSync(fresh, { recursive: true, force: true });
  const done = undoWhenInterrupted(remove);
  try {
    about(directory, () => makeDirectory(fresh));
    const directories = await writeFiles(fresh, files, directory);
    for (const path of ['.', ...directories]) syncDirectory(join(fresh, path));
    about(directory, () => swap(directory, fresh));
  } finally {
    remove();
    done();
  }
  return true;
}

/** Holds one batch at a time. @returns the directories that it made */
async function writeFiles(root: string, files: Iterable<TreeFile>, display: string): Promise<ReadonlySet<string>> {
  const directories = new Set<string>();
  let batch: TreeFile[] = [];
  for (const file of files) {
    invariant(CLEAN_PATH.test(file.path), `artifact path ${file.path} is not relative and clean`);
    makeParents(root, file.path, directories, display);
    batch.push(file);
    if (batch.length < BATCH) continue;
    await writeBatch(root, batch, display);
    batch = [];
  }
  await writeBatch(root, batch, display);
  return directories;
}

const CLEAN_PATH = /^(?!.*(^|\/)\.\.?(\/|$))[^/]+(\/[^/]+)*$/;

function swap(directory: string, fresh: string): void {
  const old = oldName(directory);
  if (statSync(directory, { throwIfNoEntry: false }) !== undefined) renameSync(directory, old);
  try {
    renameSync(fresh, directory);
  } catch (error) {
    if (existsSync(old)) renameSync(old, directory);
    throw error;
  }
  syncDirectory(dirname(directory));
  try {
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    // the new tree is in place: what is left of the old one goes with the next run
    if (!failedWith(error, 'EACCES', 'EPERM', 'EBUSY', 'ENOTEMPTY')) throw error;
  }
}
