// What `images pin` and `fetch` add to cluster.lock.yaml.
import { type Lock, type LockedBinary, type LockedImage, serializeLock } from '../pki/lock-file.ts';
import { urlOf } from '../pki/pins.ts';
import type { BinaryDownload } from '../plan/node-plan.ts';
import { replaceFile } from '../write/atomic-file.ts';
import { PUBLIC_MODE } from './build-from-disk.ts';
import type { Project } from './project.ts';

export function lockedBinary({ name, version, architecture, source }: BinaryDownload, sha256: string): LockedBinary {
  return { name, version, architecture, url: urlOf(source), sha256 };
}

/** The lock with these pins in the place of its own; an empty list leaves those. */
export function withPins(lock: Lock, binaries: readonly LockedBinary[], images: readonly LockedImage[]): Lock {
  return {
    ...lock,
    ...(binaries.length > 0 && { binaries }),
    ...(images.length > 0 && { images: images.toSorted((a, b) => (a.image < b.image ? -1 : 1)) }),
  };
}

/** The caller holds the project's lock. @returns whether anything changed. @throws system errors */
export function writePins(project: Project, lock: Lock): boolean {
  return replaceFile(project.lockFile, serializeLock(lock), PUBLIC_MODE);
}
