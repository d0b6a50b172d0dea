import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dumpYaml, parseYaml } from '../../src/formats/yaml.ts';

/** Texts that YAML readers like to take for something else, beside random ones. */
const traps = [
  'no',
  'y',
  'on',
  '0600',
  '0o17',
  '1:30',
  '1e3',
  '.5',
  '2026-11-22',
  '=',
  '<<',
  '~',
  'null',
  'True',
  '!x',
  '&a',
  '*a',
  '- x',
  'a: b',
  '# c',
  ' x ',
  '\t',
  '\u0085',
  '\u2028',
  '%',
  '@',
  '`',
  '{{x}}',
  '${x}',
  "'",
  '"',
  '\\',
  'a\nb',
  '\n',
  'a\n\n',
  '  a\nb',
  'a \nb\n',
  '---',
  '...',
  '?',
  '|',
  '>',
  '1_000',
  '0x1F',
  '.inf',
  'ÿ',
  '😀',
  '',
];
const text = fc.oneof(fc.constantFrom(...traps), fc.string({ unit: 'grapheme', maxLength: 30 }), fc.string({ maxLength: 60 }));
const scalar = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null));
const key = text.filter(name => name !== '__proto__');
const tree = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const pyYaml = spawnSync('python3', ['-c', 'import yaml']).status === 0;
const skip = pyYaml || process.env.CI !== undefined ? false : 'PyYAML is not installed';

/** Both documents as PyYAML's safe loader (YAML 1.1) reads them. */
function readByPython(texts: readonly string[]): unknown[] {
  const program = 'import sys, json, yaml\nprint(json.dumps([yaml.load(text, Loader=yaml.SafeLoader) for text in json.load(sys.stdin)]))';
  const run = spawnSync('python3', ['-c', program], { input: JSON.stringify(texts), encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as unknown[];
}

describe('dumpYaml', () => {
  it('is read back by parseYaml as it was', () => {
    fc.assert(
      fc.property(tree, value => {
        const parsed = parseYaml(dumpYaml(value));
        assert.deepEqual(parsed.problems, []);
        assert.deepEqual(parsed.value, value);
      }),
      { numRuns: 500 },
    );
  });

  it('is read by a YAML 1.1 reader (PyYAML) as it was', { skip }, () => {
    const values = fc.sample(tree, { numRuns: 400, seed: 42 });
    const read = readByPython(values.map(value => dumpYaml(value)));
    for (const [index, value] of values.entries()) assert.deepEqual(read[index], value, dumpYaml(value));
  });

  it('writes texts of several lines as they are, and folds nothing', () => {
    const pem = `-----BEGIN X-----\n${'A'.repeat(64)}\n-----END X-----\n`;
    assert.equal(
      dumpYaml({ pem, long: 'word '.repeat(60).trim() }),
      `pem: |\n  -----BEGIN X-----\n  ${'A'.repeat(64)}\n  -----END X-----\nlong: ${'word '.repeat(60).trim()}\n`,
    );
  });

  it('writes no anchors for a value that stands twice', () => {
    const shared = { a: 1 };
    assert.equal(dumpYaml({ a: shared, b: shared }, { header: ['two', ''] }), '# two\n#\na:\n  a: 1\nb:\n  a: 1\n');
  });
});

describe('parseYaml', () => {
  it('knows where every value stands: its text, parsed alone, is the value', () => {
    fc.assert(
      fc.property(tree, value => {
        const source = dumpYaml({ root: value });
        const { positions } = parseYaml(source);
        for (const { path, leaf } of leaves(value, ['root'])) {
          const range = positions.valueRange(path);
          assert.ok(range, path.join('.'));
          const written = source.slice(range.start, range.end);
          if (typeof leaf === 'string' && leaf.includes('\n')) continue;
          assert.deepEqual(parseYaml(`- ${written}`).value, [leaf], JSON.stringify(written));
          const key = positions.keyRange(path);
          if (typeof path.at(-1) === 'string' && key)
            assert.equal(parseYaml(`${source.slice(key.start, key.end)}: 1`).value !== undefined, true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('underlines a flow collection with its brackets', () => {
    const source = 'a: {b: [1, 2 ], c: {} }\nd: []\n';
    const { positions } = parseYaml(source);
    const text = (...path: (string | number)[]) => source.slice(positions.valueRange(path)?.start, positions.valueRange(path)?.end);
    assert.equal(text('a'), '{b: [1, 2 ], c: {} }');
    assert.equal(text('a', 'b'), '[1, 2 ]');
    assert.equal(text('d'), '[]');
  });

  it('takes YAML 1.2 core: no is a text, and 0o17 a number', () => {
    assert.deepEqual(parseYaml('[no, yes, 0o17, 0x1f, null, ~, true, 1.5]').value, ['no', 'yes', 15, 31, null, null, true, 1.5]);
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'{}[]:,-?&*!|>\'"%@`# \n\tab01') })),
        source => {
          const { value, problems } = parseYaml(source);
          assert.ok(problems.length === 0 || value === undefined);
          for (const problem of problems) assert.ok(problem.offset >= 0 && problem.offset <= source.length);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('keeps __proto__ out of the prototype chain', () => {
    const { value } = parseYaml('__proto__: {polluted: 1}\n');
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });
});

function leaves(value: unknown, path: (string | number)[]): { path: (string | number)[]; leaf: unknown }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, [...path, index]));
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
  return [{ path, leaf: value }];
}
