// The table of breaks (npm run test:breaks) fits the sources: what it replaces is there, once.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';
import { BREAKS } from './all-breaks.ts';
import { BOOT_BREAKS } from './boot-breaks.ts';
import { brokenText } from './repository-copy.ts';

const ALL = [...BREAKS, ...BOOT_BREAKS];

test('every break changes a text that stands once in its file, and names tests that exist', () => {
  assert.ok(BREAKS.length >= 40, `${BREAKS.length}`);
  assert.ok(BOOT_BREAKS.length >= 30, `${BOOT_BREAKS.length}`);
  for (const one of ALL) {
    const text = readFileSync(join(packageRoot(), one.file), 'utf8');
    assert.notEqual(brokenText(one, text), text, one.name);
    assert.ok(one.tests.length > 0, one.name);
    for (const [name = '', only] of one.tests.map(test => test.split('#'))) {
      const file = join(packageRoot(), 'test', `${name}.test.ts`);
      assert.ok(existsSync(file), `${one.name}: test/${name}.test.ts`);
      const named =
        only === undefined || !name.startsWith('boot/') || titlesOf(readFileSync(file, 'utf8')).some(title => title.includes(only));
      assert.ok(named, `${one.name}: ${name} has no test "${only}"`);
    }
  }
});

/** Titles of the outer tests of a file, those from a table too: `clock: 'behind'` makes "the clock is behind". */
function titlesOf(source: string): readonly string[] {
  const titles = [...source.matchAll(/^ *test\((['`])(.*?)\1,/gm)].map(([, , title = '']) => title);
  const clocks = [...source.matchAll(/^ *clock: '(.*)',$/gm)].map(([, clock = '']) => `the clock is ${clock}`);
  return [...titles, ...clocks];
}

test('no two breaks have the same name', () => assert.equal(new Set(ALL.map(({ name }) => name)).size, ALL.length));
