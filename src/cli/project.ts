// Where a cluster's files are: cluster.yaml as -f names it, everything else beside it.
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MAX_FILE_BYTES } from '../source-text.ts';
import type { SiblingReader } from '../spec/siblings.ts';
import { failedWith, named } from '../write/file-system-problem.ts';
import type { Invocation } from './command.ts';
import { displayPath } from './display-path.ts';

export interface Project {
  /** Absolute; undefined when cluster.yaml comes from stdin. */
  readonly clusterFile?: string;
  /** cluster.yaml as problems name it. */
  readonly clusterFileName: string;
  readonly directory: string;
  readonly secretsFile: string;
  readonly lockFile: string;
}

export function projectOf(invocation: Invocation): Project {
  const file = invocation.values.get('file') ?? 'cluster.yaml';
  const fromStdin = file === '-';
  const directory = fromStdin ? process.cwd() : dirname(resolve(file));
  return {
    ...(!fromStdin && { clusterFile: resolve(file) }),
    clusterFileName: fromStdin ? '<stdin>' : displayPath(resolve(file)),
    directory,
    secretsFile: join(directory, 'secrets.yaml'),
    lockFile: join(directory, 'cluster.lock.yaml'),
  };
}

/** The directory that builds write into: `out/` beside cluster.yaml, or what --out-dir says. */
export function outputRoot(project: Project, invocation: Invocation): string {
  const chosen = invocation.values.get('out-dir');
  return chosen === undefined ? join(project.directory, 'out') : resolve(chosen);
}

/** @throws the system error, naming the file as problems do */
export function readClusterBytes(project: Project): Uint8Array {
  try {
    return readBounded(project.clusterFile ?? 0, project.clusterFileName);
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error;
    throw named(error, project.clusterFileName, 'kubekiln init starts one here; -f names another');
  }
}

/** A text file that the command line names. @throws the system error */
export function readText(path: string): string {
  return Buffer.from(readBounded(path, path)).toString('utf8');
}

/** A file or directory named in cluster.yaml, relative to its own directory. @throws any system error but that it is not there */
export function siblingReader(project: Project): SiblingReader {
  return relativePath => {
    const path = join(project.directory, relativePath);
    try {
      return readIfPresent(path)?.bytes;
    } catch (error) {
      if (!failedWith(error, 'EISDIR')) throw error;
      return readdirSync(path).sort();
    }
  };
}

/** @throws the system error, unless the file is just not there */
export function readIfPresent(path: string): { bytes: Uint8Array; text: string; mode: number } | undefined {
  try {
    const bytes = readBounded(path, path);
    return { bytes, text: Buffer.from(bytes).toString('utf8'), mode: statSync(path).mode & 0o777 };
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
}

// A thousand nodes need about 10 MB of secrets; devices and pipes have no size of their own.
const MAX_READ = 64 * MAX_FILE_BYTES;

/** Reads a file, pipe or descriptor, and no more of it than any reader takes: /dev/zero has no end. */
function readBounded(source: string | number, name: string): Uint8Array {
  let descriptor: number | undefined;
  try {
    descriptor = typeof source === 'number' ? source : openSync(source, 'r');
    if (fstatSync(descriptor).isDirectory()) throw Object.assign(new Error('directory'), { code: 'EISDIR', syscall: 'read' });
    return readAll(descriptor);
  } catch (error) {
    throw named(error, name);
  } finally {
    if (descriptor !== undefined && descriptor !== 0) closeSync(descriptor);
  }
}

function readAll(descriptor: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const count = readChunk(descriptor, chunk);
    if (count === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, count));
    total += count;
    if (total > MAX_READ) return Buffer.concat(chunks);
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

function readChunk(descriptor: number, chunk: Uint8Array): number {
  for (;;) {
    try {
      return readSync(descriptor, chunk);
    } catch (error) {
      if (failedWith(error, 'EOF')) return 0;
      // stdin may be a pipe that another program made non-blocking
      if (!failedWith(error, 'EAGAIN')) throw error;
      Atomics.wait(pause, 0, 0, 10);
    }
  }
}
