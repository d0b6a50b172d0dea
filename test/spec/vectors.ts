import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PROBLEM_CODES, type ProblemCode } from '../../src/problem-codes.ts';
import { locate } from '../../src/render-problems.ts';
import { lineColumn } from '../../src/source-text.ts';
import { readCluster } from '../../src/spec/read-cluster.ts';
import type { Rule } from '../../src/spec/rule.ts';
import type { SiblingReader } from '../../src/spec/siblings.ts';

/** Tests run from the repository's root, from compiled files. */
export const VECTORS = 'test/vectors';

export interface Vector {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** `code line column`, sorted. */
  readonly expected: readonly string[];
  readonly codes: ReadonlySet<ProblemCode>;
}

export const vectors: readonly Vector[] = readdirSync(VECTORS)
  .filter(file => file.endsWith('.yaml'))
  .sort()
  .map(file => {
    const bytes = readFileSync(join(VECTORS, file));
    const expected = [...bytes.toString('utf8').matchAll(/^\ufeff?# expect: (.+?)\r?$/gm)]
      .map(match => match[1] ?? '')
      .filter(line => line !== 'nothing');
    const codes = new Set(expected.map(line => line.split(' ')[0] ?? '').map(asCode));
    return { file, bytes, expected: expected.sort(), codes };
  });

function asCode(text: string): ProblemCode {
  if (!Object.hasOwn(PROBLEM_CODES, text)) throw new Error(`no problem has the code ${text}`);
  return text as ProblemCode;
}

export function readVector(vector: Vector, rules?: readonly Rule[]) {
  return readCluster({ fileName: vector.file, bytes: vector.bytes, readSibling }, rules);
}

export function readSibling(path: string): ReturnType<SiblingReader> {
  const file = join(VECTORS, path);
  if (!existsSync(file)) return undefined;
  return statSync(file).isDirectory() ? readdirSync(file).sort() : readFileSync(file);
}

/** What a vector really gives, in the form of its expectations. */
export function found(vector: Vector, rules?: readonly Rule[]): readonly string[] {
  const { problems, source } = readVector(vector, rules);
  return problems
    .map(problem => {
      const place = locate(problem, source);
      const { line, column } = place ? lineColumn(source.text, place.start) : { line: 0, column: 0 };
      return `${problem.code} ${line} ${column}`;
    })
    .sort();
}
