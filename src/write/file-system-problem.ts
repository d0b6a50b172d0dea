import type { Problem, ProblemCode } from '../problem.ts';

/** An error of a system call, as node's fs throws it. */
interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  path?: string;
  /** Set by `named`: a remedy that fits better than the general one. */
  hint?: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

/** Runs `work` and stamps the path that the user knows on a system error of it: errors of file descriptors carry none, others a temporary name. */
export function about<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(error, path);
  }
}

/** The same error, about the path that the user knows, and with a remedy where one is known. */
export function named(error: unknown, path: string, hint?: string): unknown {
  if (isSystemError(error)) {
    error.path = path;
    if (hint !== undefined) error.hint = hint;
  }
  return error;
}

/** True for a system error with one of these codes, e.g. `ENOENT`. */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  return isSystemError(error) && codes.includes(error.code);
}

const REASONS: Readonly<Record<string, readonly [code: ProblemCode, reason: string, hint?: string]>> = {
  ENOENT: ['file-not-found', 'no such file or directory'],
  EACCES: ['permission-denied', 'permission denied', 'run as the user who owns it, or give yourself access'],
  EPERM: ['permission-denied', 'operation not permitted', 'run as the user who owns it, or give yourself access'],
  EROFS: ['permission-denied', 'the file system is read-only', 'work in a directory that can be written, or choose one with --out-dir'],
  ENOSPC: ['disk-full', 'no space left on the file system', 'free some space there, or choose another one with --out-dir'],
  EDQUOT: ['disk-full', 'the disk quota is used up', 'free some space there, or choose another file system with --out-dir'],
  EFBIG: ['disk-full', 'the file would exceed the limit on file sizes', 'raise the limit (ulimit -f)'],
  EISDIR: ['wrong-file-type', 'it is a directory, not a file'],
  ENOTDIR: ['wrong-file-type', 'a part of the path is not a directory'],
  ELOOP: ['wrong-file-type', 'too many symbolic links'],
  ENAMETOOLONG: ['wrong-file-type', 'the path is too long'],
  EMFILE: ['file-system-error', 'too many open files', 'raise the limit (ulimit -n)'],
};

/**
 * A failed system call as a problem with the path and a remedy; undefined for anything else, which is a bug and must be thrown on.
 * @param display turns an absolute path into what the user reads
 */
export function fileSystemProblem(error: unknown, display: (path: string) => string = path => path): Problem | undefined {
  if (!isSystemError(error)) return undefined;
  const [code, reason, general] = REASONS[error.code] ?? ['file-system-error', `${error.syscall} failed with ${error.code}`];
  const hint = error.hint ?? general;
  const subject = error.path === undefined ? error.syscall : display(error.path);
  return { severity: 'error', code, path: [], message: `${subject}: ${reason}`, ...(hint !== undefined && { hint }) };
}
