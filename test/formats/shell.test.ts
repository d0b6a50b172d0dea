import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compactScript, shellWord } from '../../src/formats/shell.ts';

const character = fc.oneof(fc.constantFrom(...'\'"\\$`;&|<>(){}*?~# \n\t=%!-'), fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }));
const text = fc.array(character, { maxLength: 12 }).map(parts => parts.join('').replaceAll('\0', ''));

describe('a shell word', () => {
  it('is one word with exactly its value, to sh', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), values => {
        const script = values.map((value, index) => `v${index}=${shellWord(value)}\nprintf '%s\\0' "$v${index}"\n`).join('');
        const out = execFileSync('sh', { input: script, encoding: 'utf8' });
        assert.deepEqual(out.split('\0').slice(0, -1), values);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a script for a node', () => {
  it('keeps its first line and everything that is not a comment', () => {
    assert.equal(compactScript('#!/bin/sh\n# why\n\n  # inside\necho "# not one" # kept\n'), '#!/bin/sh\necho "# not one" # kept\n');
  });

  it('loses its indentation, and what a function says of its parameters', () => {
    assert.equal(compactScript('#!/bin/sh\nstop() { # reason\n  exit 1\n}\n'), '#!/bin/sh\nstop() {\nexit 1\n}\n');
  });
});
