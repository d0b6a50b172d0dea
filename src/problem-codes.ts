/** Every problem code with one line that says what it means; docs/cluster.md prints this table. */
export const PROBLEM_CODES = {
  'unknown-key': 'a key that the document does not have',
  'user-data-too-large': "a node's user-data exceeds the limit of its platform",
} as const;

export type ProblemCode = keyof typeof PROBLEM_CODES;
