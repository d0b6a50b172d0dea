// The stages may import each other only as docs/architecture.md says. Type-only imports of spec, pki requests and plans are the stages' common language.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';

const SOURCE = join(packageRoot(), 'src');

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function sources(): readonly string[] {
  return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(SOURCE, file), 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(/^(import|export)\s+(type\s)?([^;]*?)from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gms)) {
    const target = match[4] ?? match[5] ?? '';
    const names = (match[3] ?? '').replace(/[{}\s]/g, ' ');
    const onlyTypes = match[2] !== undefined || (/\S/.test(names) && names.split(',').every(name => /^\s*(type\s|$)/.test(name)));
    found.push({ from: file, to: normalize(join(dirname(file), target)), typeOnly: onlyTypes });
  }
  return found;
}

const stage = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, ''));
/** Values (not only types) that a stage may import from others. */
const MAY_IMPORT: Readonly<Record<string, RegExp>> = {
  formats: /^(bug)$/,
  spec: /^(formats|problem|problem-codes|bug|source-text|closest-word|document-path)$/,
  pki: /^(formats|problem|problem-codes|bug|random|clock|source-text|closest-word|document-path)$/,
  components: /^(formats|bug)$/,
  plan: /^(components|bug)$/,
  emit: /^(formats|bug|problem|problem-codes)$/,
  inspect: /^(formats|bug|problem|problem-codes|emit|closest-word|source-text)$/,
  bundle: /^(formats|problem|problem-codes|bug|plan|pki|emit|fetch|inspect|write)$/,
  status: /^(clock)$/,
  fetch: /^(bug|problem|problem-codes|clock|random|formats|write)$/,
  write: /^(bug|problem|problem-codes|formats|random|clock)$/,
};
/** Single modules that hold nothing but types and pure look-ups over them: open to all stages behind spec. */
const COMMON = /^(spec\/cluster|spec\/registry-formats|pki\/request|plan\/node-plan|emit\/payload)\.ts$/;

describe('import borders', () => {
  const all = sources().flatMap(importsOf);

  it('reads imports at all', () => {
    assert.ok(all.length > 100, `${all.length} imports found`);
    assert.ok(all.some(found => found.from === 'build.ts' && found.to === 'plan/plan-cluster.ts'));
  });

  it('keeps each stage inside its borders', () => {
    const crossed = all.filter(({ from, to, typeOnly }) => {
      const allowed = MAY_IMPORT[stage(from)];
      return allowed && !typeOnly && stage(to) !== stage(from) && !allowed.test(stage(to)) && !COMMON.test(to);
    });
    assert.deepEqual(
      crossed.map(({ from, to }) => `${from} -> ${to}`),
      [],
    );
  });

  it('lets neither emit nor inspect see components, nor anything but the command line see yargs', () => {
    const text = (file: string) => readFileSync(join(SOURCE, file), 'utf8');
    assert.deepEqual(
      sources().filter(file => /^(emit|inspect)\//.test(file) && /from '\.\.\/components\//.test(text(file))),
      [],
    );
    assert.deepEqual(
      sources().filter(file => stage(file) !== 'cli' && /from 'yargs/.test(text(file))),
      [],
    );
  });

  it('keeps clock and randomness in one file each', () => {
    const uses = (pattern: RegExp) =>
      sources().filter(file => pattern.test(readFileSync(join(SOURCE, file), 'utf8').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')));
    assert.deepEqual(uses(/\bDate\.now\(|new Date\(\)/), ['clock.ts']);
    assert.deepEqual(uses(/\brandomBytes\(|\brandomUUID\(|Math\.random\(|getRandomValues\(/), ['random.ts']);
  });
});
