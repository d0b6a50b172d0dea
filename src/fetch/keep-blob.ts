// The last step of everything that comes: checked bytes under a temporary name become a blob of the store.
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomHex } from '../random.ts';
import { syncDirectory } from '../write/atomic-file.ts';
import { undoWhenInterrupted } from '../write/cleanup.ts';
import { named } from '../write/file-system-problem.ts';
import { type ArtifactStore, PASSING_PREFIX } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';

/** Puts a file of the store's own file system into its place; the caller has checked its digest. @throws system errors */
export function keepFile(store: ArtifactStore, temporary: string, sha256: string): void {
  const path = store.pathOf(sha256);
  try {
    const descriptor = openSync(temporary, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
    chmodSync(temporary, 0o644);
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    throw named(error, path);
  }
}

/** Sets a file aside that is not what it should be. @returns its new path. @throws system errors */
export function setAside(store: ArtifactStore, temporary: string, hex: string, name: string): string {
  const path = store.rejectedOf(hex, name);
  renameSync(temporary, path);
  return path;
}

/** The same for a file with another digest than `wanted`. @returns the error that names it */
export function reject(store: ArtifactStore, temporary: string, wanted: string, name: string, actual: string): DownloadError {
  const path = setAside(store, temporary, wanted, name);
  return new DownloadError(`its SHA-256 is ${actual}, not ${wanted}; it is kept as ${path}`, true, { code: 'digest-mismatch' });
}

/** Stores a few bytes, of which nothing but their digest is known. @returns their SHA-256. @throws system errors */
export function keepBytes(store: ArtifactStore, bytes: Uint8Array): string {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (store.has(sha256)) return sha256;
  const temporary = store.partialOf(PASSING_PREFIX + randomHex(8));
  const remove = () => rmSync(temporary, { force: true });
  const done = undoWhenInterrupted(remove);
  try {
    const descriptor = openSync(temporary, 'wx', 0o644);
    try {
      writeFileSync(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
    keepFile(store, temporary, sha256);
  } catch (error) {
    throw named(error, store.pathOf(sha256));
  } finally {
    remove();
    done();
  }
  return sha256;
}

/** Stores what a stream gives, under a temporary name until it is checked. @throws DownloadError `digest-mismatch`, system errors */
export async function keepStream(
  store: ArtifactStore,
  body: AsyncIterable<Uint8Array>,
  wanted: string | undefined,
  name: string,
): Promise<{ readonly sha256: string; readonly size: number }> {
  const temporary = store.partialOf(PASSING_PREFIX + randomHex(8));
  const done = undoWhenInterrupted(() => rmSync(temporary, { force: true }));
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'wx', 0o644);
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of body) {
      hash.update(chunk);
      await writeAll(file, chunk, temporary);
      size += chunk.length;
    }
    const sha256 = hash.digest('hex');
    if (wanted !== undefined && wanted !== sha256) throw reject(store, temporary, wanted, name, sha256);
    keepFile(store, temporary, sha256);
    return { sha256, size };
  } finally {
    await file?.close();
    rmSync(temporary, { force: true });
    done();
  }
}

/** All of it, at the file's position: one write may take less. @throws system errors that name `path` */
export async function writeAll(file: FileHandle, bytes: Uint8Array, path: string): Promise<void> {
  try {
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray((await file.write(rest)).bytesWritten);
  } catch (error) {
    throw named(error, path);
  }
}

/** Sets a few bytes aside that are not what they should be. @returns the error that names the file. @throws system errors */
export function rejectBytes(store: ArtifactStore, bytes: Uint8Array, wanted: string, name: string): DownloadError {
  const path = store.rejectedOf(wanted, name);
  writeFileSync(path, bytes);
  const actual = createHash('sha256').update(bytes).digest('hex');
  return new DownloadError(`its SHA-256 is ${actual}, not ${wanted}; it is kept as ${path}`, true, { code: 'digest-mismatch' });
}
