import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { renderTemplate } from '../../src/formats/mustache.ts';
import { packageRoot } from '../../src/formats/package-root.ts';

const HOSTILE = `<&>"'/\`={{x}} \${x} %`;

describe('templates', () => {
  it('escape for the format at hand, not for HTML', () => {
    const lines = renderTemplate('kubekiln.target', { wants: HOSTILE }, value => `(${value})`).split('\n');
    assert.ok(lines.includes(`Wants=(${HOSTILE})`), lines.join('\n'));
  });

  it('refuse a name that the view lacks', () => {
    for (const template of readdirSync(join(packageRoot(), 'templates')).filter(name => /\.(service|target)$/.test(name)))
      assert.throws(() => renderTemplate(template, {}, value => value), { name: 'Bug', message: /which its view lacks/ }, template);
  });
});
