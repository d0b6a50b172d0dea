// The texts of the schema for a reader: one field (`kubekiln explain`), or all of them (docs/cluster.md).
import { closestWord } from '../closest-word.ts';
import type { Problem } from '../problem.ts';
import { PROBLEM_CODES } from '../problem-codes.ts';
import { type Field, fieldTree, findField } from './fields.ts';

/** What a field means, its type, default and children. `path` is dotted (`spec.nodes.address`, or without `spec.`); the empty one is the document. */
export function explainField(path: string): { text?: string; problem?: Problem } {
  const root = fieldTree();
  const asWritten = findField(root, path);
  const belowSpec = findField(root, `spec.${path}`);
  // What got further is what was meant.
  const { field, parent, missing } = !asWritten.field && (belowSpec.field || belowSpec.parent.path !== 'spec') ? belowSpec : asWritten;
  if (field) return { text: explanation(field) };
  const meant = closestWord(
    missing ?? '',
    parent.children.map(child => child.name),
  );
  return {
    problem: {
      severity: 'error',
      code: 'unknown-key',
      path: [],
      message: `${parent.path === '' ? 'the document' : parent.path} has no field "${missing}"`,
      allowed: parent.children.map(child => child.name),
      hint: meant === undefined ? `kubekiln explain ${parent.path}`.trimEnd() : `did you mean "${meant}"?`,
    },
  };
}

function explanation(field: Field): string {
  const title = field.path === '' ? 'cluster.yaml' : field.path;
  const facts = [
    field.required && field.path !== '' ? 'required' : undefined,
    field.default === undefined ? undefined : `default: ${field.default}`,
    field.allowed && `one of: ${field.allowed.join(', ')}`,
    field.examples.length > 0 ? `example: ${field.examples.join(' · ')}` : undefined,
  ].filter(fact => fact !== undefined);
  const lines = [`${title}  <${field.type}>`, ...wrap(field.description, 100).map(line => `  ${line}`), ...facts.map(fact => `  ${fact}`)];
  if (field.children.length === 0) return `${lines.join('\n')}\n`;
  const width = Math.max(...field.children.map(child => child.name.length));
  const children = field.children.flatMap(child => {
    const note = child.required ? ' (required)' : child.default === undefined ? '' : ` (${child.default})`;
    const [first = '', ...rest] = wrap(`${child.description}${note}`, 100 - width);
    return [`  ${child.name.padEnd(width)}  ${first}`, ...rest.map(line => `  ${' '.repeat(width)}  ${line}`)];
  });
  return `${[...lines, '', 'FIELDS', ...children].join('\n')}\n`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** docs/cluster.md: every field in a table per mapping, and every problem code. */
export function fieldReference(): string {
  const root = fieldTree();
  return `${[
    '# cluster.yaml',
    '',
    'This page is made from the schema that `kubekiln validate` uses (`node build/src/spec/write-reference.js` writes it); `kubekiln explain FIELD` prints the same texts.',
    '',
    'The smallest useful file stands in [examples/minimal](../examples/minimal/cluster.yaml), a realistic one in [examples/ha](../examples/ha/cluster.yaml).',
    "Words are kubeadm v1beta4's and upstream's wherever they have one. Any other key is an error: nothing in the file is ignored.",
    '',
    ...sections(root),
    '## Problem codes',
    '',
    'What stands in brackets behind `error` or `warning`, and as `code` in the output of `-o json`. Codes are stable.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(PROBLEM_CODES).map(([code, meaning]) => `| \`${code}\` | ${cell(meaning)} |`),
  ].join('\n')}\n`;
}

function sections(field: Field): string[] {
  if (field.children.length === 0) return [];
  const rows = field.children.map(
    child => `| \`${child.name}\` | ${child.type} | ${cell(defaultCell(child))} | ${cell(descriptionCell(child))} |`,
  );
  const own = [
    `## ${field.path === '' ? 'Document' : `\`${field.path}\``}`,
    '',
    field.description,
    '',
    '| field | type | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ];
  return [...own, ...field.children.flatMap(sections)];
}

function defaultCell(field: Field): string {
  if (field.required) return '**required**';
  return field.default === undefined || field.default === '[]' ? '' : `\`${field.default}\``;
}

function descriptionCell(field: Field): string {
  const allowed = field.allowed && field.allowed.length > 1 ? ` One of ${field.allowed.map(word => `\`${word}\``).join(', ')}.` : '';
  const example =
    field.examples.length > 0 && field.allowed === undefined ? ` Example: ${field.examples.map(text => `\`${text}\``).join(', ')}.` : '';
  return `${field.description}${allowed}${example}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
