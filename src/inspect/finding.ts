// Problems of artifacts: about files on the operator's disk, so that the message names the file instead of a place in cluster.yaml.
import { FormatError, type FormatFault } from '../formats/format-error.ts';
import type { Problem, ProblemCode, Severity } from '../problem.ts';

const CODES: Readonly<Record<FormatFault, ProblemCode>> = {
  truncated: 'artifact-damaged',
  damaged: 'artifact-damaged',
  unsafe: 'artifact-unsafe',
  'too-large': 'artifact-too-large',
  unsupported: 'artifact-unsupported',
};

const SYSTEM_CODES: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  ENOENT: ['file-not-found', 'no such file or directory'],
  ENOTDIR: ['file-not-found', 'no such file or directory'],
  EACCES: ['permission-denied', 'permission denied'],
  EPERM: ['permission-denied', 'operation not permitted'],
  ELOOP: ['wrong-file-type', 'a symbolic link, not a file'],
};

/** @param subject path of the artifact, or `<artifact>: <file in it>` */
export function finding(code: ProblemCode, subject: string, message: string, hint?: string, severity: Severity = 'error'): Problem {
  return { severity, code, path: [], message: `${printable(subject)}: ${printable(message)}`, ...(hint !== undefined && { hint }) };
}

/** What came of a reader: its result, or why there is none. */
export type Reading<T> = { readonly value: T; readonly problem?: never } | { readonly problem: Problem; readonly value?: never };

/** Runs a reader of `subject`; what it, or the system, says about the input becomes a problem. @throws everything else */
export function reading<T>(subject: string, work: () => T): Reading<T> {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof FormatError) return { problem: formatFinding(error, subject) };
    const problem = systemProblem(error, subject);
    if (problem) return { problem };
    throw error;
  }
}

/** What a reader says about its input, as a problem. */
export function formatFinding(error: FormatError, subject: string): Problem {
  return finding(CODES[error.fault], subject, error.message);
}

/** A failed system call as a problem; undefined for any other error. */
function systemProblem(error: unknown, subject: string): Problem | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const [code, reason] = SYSTEM_CODES[error.code] ?? ['file-system-error', `${error.syscall} failed with ${error.code}`];
  return finding(code, subject, reason);
}

/** Text from artifacts for a terminal: no control characters, which could move its cursor, nor marks that reorder what is read. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
