// One file, whole or not at all: temporary name in the same directory, fsync, rename, fsync of the directory.
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { undoWhenInterrupted } from './cleanup.ts';
import { about, failedWith } from './file-system-problem.ts';
import { newName } from './temporary-names.ts';

/** fsync of a directory: makes the names in it durable. Some file systems cannot, and say EINVAL. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if (!failedWith(error, 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

function statOrUndefined(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** Writes the temporary file: created by this call (O_EXCL) and 0600 until its content is complete, whatever the umask. */
function writeTemporary(path: string, content: string | Uint8Array, mode: number, owner: Stats | undefined): void {
  rmSync(path, { force: true });
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(descriptor, content);
    // root who rebuilds a user's cluster must not take the file away from that user
    if (owner !== undefined && process.getuid?.() === 0) fchownSync(descriptor, owner.uid, owner.gid);
    fchmodSync(descriptor, mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function publish(
  path: string,
  content: string | Uint8Array,
  mode: number,
  owner: Stats | undefined,
  move: (temporary: string) => void,
): void {
  const temporary = newName(path);
  const remove = () => rmSync(temporary, { force: true });
  const done = undoWhenInterrupted(remove);
  try {
    writeTemporary(temporary, content, mode, owner);
    move(temporary);
    syncDirectory(dirname(path));
  } finally {
    remove();
    done();
  }
}

/** Removes what a killed run left of its writing; the caller holds the lock (lock.ts). */
export function removeLeftover(path: string): void {
  about(path, () => rmSync(newName(path), { force: true }));
}

/**
 * Replaces or creates a file atomically; a symbolic link stays one, and its target is replaced. Nothing happens when content and mode are
 * already there. @returns whether anything was written. @throws the system error, naming `path`.
 */
export function replaceFile(path: string, content: string | Uint8Array, mode: number): boolean {
  return about(path, () => {
    const old = statOrUndefined(path);
    const target = old === undefined ? path : realpathSync(path);
    if (old !== undefined && (old.mode & 0o7777) === mode && readFileSync(target).equals(Buffer.from(content))) return false;
    publish(target, content, mode, old, temporary => renameSync(temporary, target));
    return true;
  });
}

/** Creates a file atomically and never overwrites one. @throws the system error, naming `path`: EEXIST when it is already there. */
export function createFile(path: string, content: string | Uint8Array, mode: number): void {
  about(path, () =>
    publish(path, content, mode, undefined, temporary => {
      try {
        linkSync(temporary, path);
      } catch (error) {
        // file systems without hard links (vfat, some network mounts)
        if (!failedWith(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK')) throw error;
        if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
          throw Object.assign(new Error('exists'), { code: 'EEXIST', syscall: 'open' });
        renameSync(temporary, path);
      }
    }),
  );
}
