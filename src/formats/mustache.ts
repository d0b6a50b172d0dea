// The wrapper around mustache, for text formats only (units, scripts): it escapes for the format at hand instead of for HTML, and refuses names
// that the view lacks, which mustache would print as nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mustache from 'mustache';
import { invariant } from '../bug.ts';
import { packageRoot } from './package-root.ts';

export type TemplateView = Readonly<Record<string, unknown>>;

const cache = new Map<string, string>();

function template(name: string): string {
  const known = cache.get(name);
  if (known !== undefined) return known;
  // A template is part of the program, so reading it keeps components pure: the same name always gives the same text.
  const text = readFileSync(join(packageRoot(), 'templates', name), 'utf8').replace(PART, (_line, part: string) => template(part));
  cache.set(name, text);
  return text;
}

/** On a line of its own it is nothing but the text of the part. */
const PART = /^\{\{> ([\w.-]+)\}\}\n/gm;

/**
 * Renders templates/`name`; a line `{{> part}}` includes templates/`part`.
 * @param escapeValue how a value is written in this format.
 * @throws Bug when the template names a value that the view does not have.
 */
export function renderTemplate(name: string, view: TemplateView, escapeValue: (value: string) => string): string {
  const text = template(name);
  const render = (part: string) => {
    for (const [type, key] of mustache.parse(part)) {
      if (type === 'name' || type === '&' || type === '#' || type === '^')
        invariant(String(key) in view, `template ${name} names {{${key}}}, which its view lacks`);
    }
    return mustache.render(part, view, undefined, { escape: value => escapeValue(String(value)) });
  };
  if (SPANNING_TAG.test(text)) return render(text);
  // mustache reads text letter by letter: of a long script it gets the few lines that name a value
  return text
    .split('\n')
    .map(line => (line.includes('{{') ? render(line) : line))
    .join('\n');
}

/** Sections, comments and other delimiters: what may reach beyond its line, or swallow it. */
const SPANNING_TAG = /\{\{[#^/!=]/;
