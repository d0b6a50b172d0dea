// Every kubekiln command in the README and in docs is one that exists, with options that it has.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findCommand } from '../../src/cli/find-command.ts';

const FILES = ['README.md', ...readdirSync('docs').map(name => `docs/${name}`)].filter(name => name.endsWith('.md'));
const GLOBAL = ['config', 'help', 'no-color', 'output', 'quiet', 'verbose', 'o', 'c', 'h', 'q', 'v'];

/** Calls of kubekiln in fenced shell blocks and in code within a sentence, without comments and what follows in a pipe. */
function commandsOf(file: string): readonly string[] {
  const blocks = [...readFileSync(file, 'utf8').matchAll(/^```(?:sh|console|bash)\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const inline = [...readFileSync(file, 'utf8').matchAll(/`(kubekiln [^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline]
    .flatMap(block => block.replaceAll('\\\n', ' ').split('\n'))
    .map(line => line.replace(/^\$ /, '').replace(/\s+#.*$/, ''))
    .flatMap(line => line.split(/&&|\||;/))
    .map(line => line.trim())
    .filter(line => line.startsWith('kubekiln '));
}

test('there are commands to look at', () => {
  assert.ok(FILES.flatMap(commandsOf).length >= 10);
});

for (const file of FILES) {
  test(`${file} names commands and options that exist`, () => {
    for (const line of commandsOf(file)) {
      const words = line.split(/\s+/).slice(1);
      const command = findCommand(words);
      const known = [...GLOBAL, ...command.options.flatMap(({ name, short }) => [name, ...(short === undefined ? [] : [short])])];
      for (const word of words.filter(one => one.startsWith('-'))) {
        const name = word.replace(/^--?/, '').split('=')[0] ?? '';
        assert.ok(known.includes(name), `${line}: ${word}`);
      }
    }
  });
}
