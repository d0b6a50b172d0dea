// One thing of the program broken on purpose: a test that stays green has not tested it.

export interface Break {
  /** What is broken, in a few words; unique. */
  readonly name: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly search: string;
  readonly replace: string;
  /** Compiled test files below build/test, each of which must go red: `pki/issue`; with `#pattern` only its tests of that name, where all would take long. */
  readonly tests: readonly string[];
  /** What would happen to somebody's cluster. */
  readonly why: string;
  /** The test runs the built program, not the compiled sources. */
  readonly program?: true;
}

/** Takes lines out of a file. */
export function without(search: string): Pick<Break, 'search' | 'replace'> {
  return { search, replace: '' };
}

export function swapped(search: string, replace: string): Pick<Break, 'search' | 'replace'> {
  return { search, replace };
}
