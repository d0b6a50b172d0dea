import type { Problem } from '../problem.ts';
import { removeLeftover } from '../write/atomic-file.ts';
import { failedWith } from '../write/file-system-problem.ts';
import { type Lock, lockPath } from '../write/lock.ts';
import { displayPath } from './display-path.ts';
import type { Project } from './project.ts';

/** Runs `work` while no other kubekiln writes `path`, which `subject` names for the user; `busy` makes a result of who does. */
export async function withLock<T>(path: string, subject: string, busy: (problem: Problem) => T, work: () => Promise<T>): Promise<T> {
  return holding(await lockPath(path, subject), busy, work);
}

/** The same for the files beside cluster.yaml. */
export async function withProjectLock<T>(project: Project, busy: (problem: Problem) => T, work: () => Promise<T>): Promise<T> {
  let lock: Lock | Problem | undefined;
  try {
    lock = await lockPath(project.secretsFile, displayPath(project.secretsFile));
  } catch (error) {
    // read-only on purpose, or not there at all: what must be read or written there will say so by its own name
    if (!failedWith(error, 'EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR')) throw error;
    return work();
  }
  return holding(lock, busy, async () => {
    for (const file of [project.secretsFile, project.lockFile, project.clusterFile]) if (file !== undefined) removeLeftover(file);
    return work();
  });
}

async function holding<T>(lock: Lock | Problem, busy: (problem: Problem) => T, work: () => Promise<T>): Promise<T> {
  if ('code' in lock) return busy(lock);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
