// A mistake of the user (or a fault of the environment) is a value, never an exception: every stage returns all the problems it can find,
// the pipeline stops at the stage's border, and one function turns them into text. A bug of ours is thrown instead (see bug.ts).

/** Where inside a document: keys and list indices from the root, e.g. `['spec', 'nodes', 2, 'address']`. */
export type DocumentPath = readonly (string | number)[];

export type Severity = 'error' | 'warning';

/** One mistake, with what was seen, what is allowed and what to do. It becomes file:line:column text in `render-problems.ts`. */
export interface Problem {
  readonly severity: Severity;
  /** Stable, kebab-case: scripts may match on it. The list of all codes with one line each stands in `problem-codes.ts`. */
  readonly code: ProblemCode;
  /** Path into the document named by `file`; empty when the problem is not about one place in it. */
  readonly path: DocumentPath;
  /** A sentence without the location, starting in lower case unless it starts with a name, without a full stop at the end. */
  readonly message: string;
  /** What to do about it: shown after `hint:`. */
  readonly hint?: string;
  /** Further indented lines below the excerpt. */
  readonly details?: readonly string[];
  /** The value seen. Never set for anything secret. */
  readonly value?: unknown;
  /** The values that would have been right, when they can be listed. */
  readonly allowed?: readonly string[];
  /** What the carets underline: the key of the last path element, or its value (default). */
  readonly mark?: 'key' | 'value';
  /** Short text behind the carets, e.g. `did you mean "podSubnet"?`. */
  readonly label?: string;
  /** Display name of the file (`cluster.yaml`); absent when the problem is about no file. */
  readonly file?: string;
  /** Offset in characters into the file's text: set where no path exists (YAML that does not parse). */
  readonly offset?: number;
}

import type { ProblemCode } from './problem-codes.ts';

export type { ProblemCode };

/** True when a list holds something that must stop the run. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(problem => problem.severity === 'error');
}
