// What went wrong with one program or image, as a problem: the most telling reason first, the reason of each server below.
import type { Problem, ProblemCode } from '../problem.ts';
import type { DownloadError } from './download-error.ts';

/** From what somebody must look into to what may be mended by asking elsewhere. */
const WHAT: readonly (readonly [ProblemCode, string])[] = [
  ['digest-mismatch', 'has another digest than it should'],
  ['size-mismatch', 'is shorter or longer than it should be'],
  ['wrong-architecture', 'is for other machines than the nodes'],
  ['image-invalid', 'is no image that a node could run'],
  ['artifact-unsupported', 'is not what upstream publishes'],
  ['artifact-too-large', 'is larger than anything that upstream publishes'],
  ['login-refused', 'is behind a login'],
  ['image-not-found', 'is in no registry that was asked'],
  ['download-failed', 'did not come'],
];
/** These name a server that gave something wrong, not one that gave nothing. */
const LIES: readonly ProblemCode[] = ['digest-mismatch', 'size-mismatch', 'wrong-architecture', 'image-invalid', 'artifact-unsupported'];

const HINTS: Partial<Record<ProblemCode, string>> = {
  'digest-mismatch': 'compare the kept file with upstream; after a wanted change, delete the entry in cluster.lock.yaml and fetch anew',
};

/** @param hint where no reason has a better one */
export function faultProblem(subject: string, faults: readonly DownloadError[], hint: string): Problem {
  const [code, what] = WHAT.find(([known]) => faults.some(fault => fault.code === known)) ?? ['download-failed', 'did not come'];
  return {
    severity: 'error',
    code,
    path: [],
    message: `${subject} ${what}`,
    hint: faults.find(fault => fault.code === code)?.hint ?? HINTS[code] ?? hint,
    details: faults.map(({ message }) => message),
  };
}

/** Of something that came all the same, from another server. */
export function survivedProblems(subject: string, from: string, faults: readonly DownloadError[]): readonly Problem[] {
  return faults
    .filter(({ code }) => LIES.includes(code))
    .map(({ code, message }) => ({
      severity: 'warning',
      code,
      path: [],
      message: `${subject} came from ${from}, since another server gave something else`,
      details: [message],
    }));
}
