import { pathText } from '../document-path.ts';
import type { DocumentPath, Problem, ProblemCode, Severity } from '../problem.ts';
import { lineColumn, type SourceFile } from '../source-text.ts';
import type { ProblemNotes, Report, Rule, RuleInput } from './rule.ts';
import { FORMAT_CODES } from './rules/formats.ts';
import { clusterSchema } from './schema.ts';
import { draftOf } from './schema-walk.ts';
import type { Siblings } from './siblings.ts';
import { checkFormat, TEXT_FORMATS } from './text-formats.ts';

/** Runs every rule over the draft of a document. Places where something was found before are left alone. */
export function runRules(
  rules: readonly Rule[],
  document: unknown,
  source: SourceFile,
  siblings: Siblings,
  before: readonly Problem[],
): Problem[] {
  const { draft = {}, texts } = draftOf(clusterSchema, document);
  const badTexts = texts.flatMap(text => {
    const finding = checkFormat(text.format, text.value);
    return finding ? [{ text, finding, code: finding.code ?? TEXT_FORMATS[text.format].code }] : [];
  });
  const lineOf = (path: DocumentPath) => `${source.name}:${lineColumn(source.text, source.positions.valueRange(path)?.start ?? 0).line}`;
  const isGiven = (path: DocumentPath) => source.positions.valueRange(path) !== undefined;
  const input: RuleInput = { draft, spec: draft.spec ?? {}, badTexts, siblings, isGiven, lineOf };
  const taken = new Set(before.filter(problem => problem.severity === 'error').map(problem => pathText(problem.path)));
  const malformed = new Set(badTexts.map(({ text }) => pathText(text.path)));
  return rules.flatMap(rule => {
    const found: Problem[] = [];
    rule.check(input, reportTo(found, rule.code));
    // What is not even in its format has no meaning to judge.
    return found.filter(
      problem => !taken.has(pathText(problem.path)) && (FORMAT_CODES.has(rule.code) || !malformed.has(pathText(problem.path))),
    );
  });
}

function reportTo(found: Problem[], code: ProblemCode): Report {
  const add =
    (severity: Severity) =>
    (path: DocumentPath, message: string, notes: ProblemNotes = {}) => {
      found.push({ severity, code, path, message, ...notes });
    };
  return { error: add('error'), warning: add('warning') };
}
