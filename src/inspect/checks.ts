// What `verify` has looked at, and what it found: every check is counted, so that "nothing found" never means "nothing looked at".
import type { Problem } from '../problem.ts';
import type { Reading } from './finding.ts';

export const CHECKS = {
  artifacts: 'artifacts are the ones that manifest.json or SHA256SUMS records',
  carriers: "artifacts decode, and a node's carry the same payload",
  payloads: 'payloads match their digests',
  modes: 'files with keys are closed to others',
  chains: 'certificates verify against the authorities beside them',
  keys: 'keys belong to their certificates',
  names: 'certificates cover every name and address that is dialled',
  lifetimes: 'certificates are valid, and end before their authorities',
  shared: 'keys, authorities and etcd members are the same on all nodes',
} as const;

export type CheckName = keyof typeof CHECKS;

export class Findings {
  readonly problems: Problem[] = [];
  readonly counts = new Map<CheckName, number>();

  /** Counts one check; `problem` says what is wrong when it does not hold. */
  check(name: CheckName, holds: boolean, problem: () => Problem): boolean {
    this.checked(name, 1);
    if (!holds) this.problems.push(problem());
    return holds;
  }

  /** Counts checks that held. */
  checked(name: CheckName, count: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  /** Counts a reader's run as a check; undefined when it failed. */
  read<T>(name: CheckName, read: Reading<T>): T | undefined {
    const { problem } = read;
    this.checked(name, 1);
    if (problem) this.problems.push(problem);
    return read.value;
  }
}
