import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueAt } from '../../src/document-path.ts';
import { parseYaml } from '../../src/formats/yaml.ts';
import type { ProblemCode } from '../../src/problem-codes.ts';
import { RULES } from '../../src/spec/rules.ts';
import { found, readVector, vectors } from './vectors.ts';

for (const vector of vectors) {
  test(`vector ${vector.file}`, () => {
    assert.deepEqual(found(vector), vector.expected);
    const { cluster, problems } = readVector(vector);
    assert.equal(
      cluster === undefined,
      problems.some(problem => problem.severity === 'error'),
    );
  });
}

test('there are at least a hundred vectors', () => assert.ok(vectors.length >= 100, `${vectors.length}`));

test('the name of a vector begins with a code that it expects, or with valid', () => {
  for (const { file, codes } of vectors) {
    const fits =
      codes.size === 0
        ? file.startsWith('valid-')
        : [...codes].some(code => file.startsWith(code)) || file.startsWith('crlf-') || file.startsWith('bad-host-');
    assert.ok(fits, file);
  }
});

// Codes that the spec stage gives without a rule: text, YAML and schema.
const CODES_WITHOUT_RULE: readonly ProblemCode[] = [
  'byte-order-mark',
  'crlf-line-endings',
  'file-empty',
  'file-not-text',
  'file-not-utf8',
  'missing-key',
  'not-allowed',
  'not-supported-yet',
  'out-of-range',
  'refused-key',
  'unknown-key',
  'wrong-type',
  'yaml-alias-bomb',
  'yaml-ambiguous-scalar',
  'yaml-duplicate-key',
  'yaml-several-documents',
  'yaml-syntax',
  'yaml-tab',
];

test('every code of the spec stage has a vector', () => {
  const covered = new Set(vectors.flatMap(vector => [...vector.codes]));
  // file-too-large would be a megabyte of vector: source-text.test.ts makes one.
  for (const code of [...CODES_WITHOUT_RULE, ...RULES.map(rule => rule.code)]) assert.ok(covered.has(code), code);
  assert.deepEqual(new Set([...CODES_WITHOUT_RULE, ...RULES.map(rule => rule.code)]), covered);
});

test('each rule has a code of its own', () => assert.equal(new Set(RULES.map(rule => rule.code)).size, RULES.length));

for (const rule of RULES) {
  test(`without the rule ${rule.code}, exactly its vectors fail`, () => {
    const others = RULES.filter(other => other !== rule);
    const failing = vectors.filter(vector => {
      const { problems } = probe(vector, others);
      return !same(problems, vector.expected);
    });
    assert.deepEqual(
      failing.map(vector => vector.file),
      vectors.filter(vector => vector.codes.has(rule.code)).map(vector => vector.file),
    );
  });
}

/** Taking a rule away may let a document reach the resolver that must not: then the vector fails too. */
function probe(vector: (typeof vectors)[number], rules: typeof RULES): { problems: readonly string[] } {
  try {
    return { problems: found(vector, rules) };
  } catch {
    return { problems: ['thrown'] };
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

test('every reported path exists in its document', () => {
  for (const vector of vectors) {
    const { problems, source } = readVector(vector);
    const document = parseYaml(source.text).value;
    for (const problem of problems.filter(problem => problem.offset === undefined))
      assert.ok(
        problem.path.length === 0 || valueAt(document, problem.path) !== undefined,
        `${vector.file}: ${problem.code} at ${problem.path.join('.')}`,
      );
  }
});
