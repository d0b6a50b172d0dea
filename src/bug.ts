/** Thrown when kubekiln itself is wrong: it ends with exit code 70, a stack trace and how to report it, never as a user's mistake. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** Asserts an invariant of ours. @throws Bug when it does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}
