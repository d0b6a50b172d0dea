// A rule is a small function over the lenient draft: it looks at what is there, skips what is not, and reports at a place of the file. It has one
// code, stands in one list (rules.ts), and at least one vector in test/vectors fails without it.
import type { DocumentPath, Problem, ProblemCode } from '../problem.ts';
import type { ClusterDocument } from './schema.ts';
import type { Draft, FormattedText } from './schema-walk.ts';
import type { Siblings } from './siblings.ts';
import type { Finding } from './text-format.ts';

export type ClusterDraft = Draft<ClusterDocument>;
export type SpecDraft = NonNullable<ClusterDraft['spec']>;
export type NodeDraft = NonNullable<NonNullable<SpecDraft['nodes']>[number]>;

export interface RuleInput {
  readonly draft: ClusterDraft;
  /** `draft.spec`, or an empty one. */
  readonly spec: SpecDraft;
  /** Texts that are not in their format, judged once for all rules. */
  readonly badTexts: readonly { readonly text: FormattedText; readonly finding: Finding; readonly code: ProblemCode }[];
  readonly siblings: Siblings;
  /** Does the file itself hold this place, or is its value a default? */
  isGiven(path: DocumentPath): boolean;
  /** The line of a place in the file as a reader would look it up: `cluster.yaml:12`. */
  lineOf(path: DocumentPath): string;
}

export type ProblemNotes = Partial<Pick<Problem, 'hint' | 'label' | 'mark' | 'value' | 'allowed' | 'details'>>;

export interface Report {
  error(path: DocumentPath, message: string, notes?: ProblemNotes): void;
  warning(path: DocumentPath, message: string, notes?: ProblemNotes): void;
}

export interface Rule {
  readonly code: ProblemCode;
  check(input: RuleInput, report: Report): void;
}

/** Nodes that are there at all, with their index in the file. */
export function indexedNodes(spec: SpecDraft): readonly { node: NodeDraft; index: number; path: DocumentPath }[] {
  return (spec.nodes ?? []).flatMap((node, index) => (node ? [{ node, index, path: ['spec', 'nodes', index] }] : []));
}

/** The first of some places that the file holds: where a problem between two values is shown. */
export function firstGiven(input: RuleInput, ...paths: readonly DocumentPath[]): DocumentPath {
  return paths.find(path => input.isGiven(path)) ?? ['spec'];
}
