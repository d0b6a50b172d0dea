// The table of breaks (npm run test:breaks) fits the sources: what it replaces is there, once.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/formats/mustache.ts';
import { BREAKS } from './all-breaks.ts';
import { brokenText } from './repository-copy.ts';

test('every break changes a text that stands once in its file, and names tests that exist', () => {
  assert.ok(BREAKS.length >= 40, `${BREAKS.length}`);
  for (const one of BREAKS) {
    const text = readFileSync(join(packageRoot(), one.file), 'utf8');
    assert.notEqual(brokenText(one, text), text, one.name);
    assert.ok(one.tests.length > 0, one.name);
    for (const [name = ''] of one.tests.map(test => test.split('#')))
      assert.ok(existsSync(join(packageRoot(), 'test', `${name}.test.ts`)), `${one.name}: test/${name}.test.ts`);
  }
});

test('no two breaks have the same name', () => assert.equal(new Set(BREAKS.map(({ name }) => name)).size, BREAKS.length));
