// The spec stage: bytes of cluster.yaml in, a Cluster or all of its problems out. Never throws for a mistake of the user. The schema judges shapes, the
// rules judge meaning, both in the same run: rules see a draft in which everything that the schema refused is missing.
import { parseYaml, type YamlProblem } from '../formats/yaml.ts';
import { hasErrors, type Problem, type ProblemCode } from '../problem.ts';
import { decodeText, lineColumn, type SourceFile } from '../source-text.ts';
import { ambiguousScalars } from './ambiguous-scalars.ts';
import type { Cluster } from './cluster.ts';
import { resolveCluster } from './resolve.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules.ts';
import { runRules } from './run-rules.ts';
import { clusterSchema } from './schema.ts';
import { schemaProblems } from './schema-problems.ts';
import { type SiblingReader, siblings } from './siblings.ts';

export interface ClusterInput {
  /** As shown in problems: `cluster.yaml`. */
  readonly fileName: string;
  readonly bytes: Uint8Array;
  readonly readSibling: SiblingReader;
}

export interface ClusterResult {
  /** Only when no problem is an error. */
  readonly cluster?: Cluster;
  /** In the order of the file. */
  readonly problems: readonly Problem[];
  readonly source: SourceFile;
}

/** `rules` is a parameter for the test that takes one away. */
export function readCluster(input: ClusterInput, rules: readonly Rule[] = RULES): ClusterResult {
  const { text, findings } = decodeText(input.bytes);
  const problems: Problem[] = findings.map(finding => ({ ...finding, path: [] }));
  if (hasErrors(problems))
    return { problems: named(problems, input.fileName), source: { name: input.fileName, text, positions: parseYaml('').positions } };

  const yaml = parseYaml(text);
  const source: SourceFile = { name: input.fileName, text, positions: yaml.positions };
  problems.push(...yaml.problems.map(problem => yamlProblem(problem, source)));
  if (yaml.problems.length > 0) return { problems: named(problems, input.fileName), source };

  problems.push(...ambiguousScalars(source), ...schemaProblems(clusterSchema, yaml.value).map(problem => atDocument(problem, source)));
  const files = siblings(path => input.readSibling(path));
  problems.push(...runRules(rules, yaml.value, source, files, problems));
  const sorted = named(problems, input.fileName).toSorted((a, b) => offsetOf(a, source) - offsetOf(b, source));
  if (hasErrors(sorted)) return { problems: sorted, source };
  return { cluster: resolveCluster(clusterSchema.parse(yaml.value), files), problems: sorted, source };
}

const YAML_CODES: Readonly<Record<YamlProblem['kind'], ProblemCode>> = {
  syntax: 'yaml-syntax',
  tab: 'yaml-tab',
  'duplicate-key': 'yaml-duplicate-key',
  'several-documents': 'yaml-several-documents',
  'alias-bomb': 'yaml-alias-bomb',
};

const YAML_HINTS: Partial<Record<YamlProblem['kind'], string>> = {
  tab: 'indent with spaces',
  'several-documents': 'one file describes one cluster: keep each in a directory of its own',
};

function yamlProblem(problem: YamlProblem, source: SourceFile): Problem {
  const other = problem.other === undefined ? undefined : `the first is in line ${lineColumn(source.text, problem.other).line}`;
  const hint = YAML_HINTS[problem.kind] ?? other;
  return {
    severity: 'error',
    code: YAML_CODES[problem.kind],
    path: [],
    message: problem.message,
    offset: problem.offset,
    ...(hint !== undefined && { hint }),
  };
}

/** What is wrong with the document as a whole is shown where it begins. */
function atDocument(problem: Problem, source: SourceFile): Problem {
  const start = problem.path.length === 0 ? source.positions.valueRange([])?.start : undefined;
  return start === undefined ? problem : { ...problem, offset: start };
}

function offsetOf(problem: Problem, source: SourceFile): number {
  const { keyRange, valueRange } = source.positions;
  const key = problem.mark === 'key' ? keyRange(problem.path) : undefined;
  return problem.offset ?? (key ?? valueRange(problem.path))?.start ?? 0;
}

function named(problems: readonly Problem[], file: string): Problem[] {
  return problems.map(problem => ({ file, ...problem }));
}
