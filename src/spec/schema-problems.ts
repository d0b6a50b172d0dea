// What zod finds, as problems in our words: unknown keys with did-you-mean, missing keys, wrong types, words and numbers out of range.
import * as z from 'zod';
import { closestWord } from '../closest-word.ts';
import { pathText, valueAt } from '../document-path.ts';
import type { DocumentPath, Problem } from '../problem.ts';
import { refusedKey } from './refused-keys.ts';
import { isMapping, keysOf, schemaAt, unwrap } from './schema-walk.ts';

/** Every way in which a value is not what the schema says; none for a value that fits. */
export function schemaProblems(schema: z.ZodType, value: unknown): Problem[] {
  const result = schema.safeParse(value);
  return result.success ? [] : result.error.issues.flatMap(issue => problemsOf(issue, schema, value));
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, root: unknown): Problem[] {
  const path = issue.path.filter(part => typeof part !== 'symbol');
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => unknownKey(schema, path, key));
    case 'invalid_type':
      return [value === undefined ? missingKey(path) : wrongType(path, issue.expected, value)];
    case 'invalid_value':
      return [value === undefined ? missingKey(path) : notAllowed(path, issue.values.map(String), value)];
    case 'too_small':
    case 'too_big':
      return [outOfRange(schema, path, value)];
    default:
      return [{ severity: 'error', code: 'wrong-type', path, message: `${pathText(path)}: ${issue.message}` }];
  }
}

function unknownKey(schema: z.ZodType, parent: DocumentPath, key: string): Problem {
  const path = [...parent, key];
  const refused = refusedKey(path);
  const base = { severity: 'error', path, mark: 'key' } as const;
  const where = parent.length === 0 ? 'the document' : pathText(parent);
  if (refused)
    return {
      ...base,
      code: refused.code,
      message: `${refused.code === 'refused-key' ? `${where} takes no "${key}"` : `"${key}" is not supported yet`}: ${refused.reason}`,
      ...(refused.hint && { hint: refused.hint }),
    };
  const keys = keysOf(schemaAt(schema, parent));
  const meant = closestWord(key, keys);
  const hint = meant === undefined ? elsewhere(schema, parent, key) : undefined;
  return {
    ...base,
    code: 'unknown-key',
    message: `${where} has no key "${key}"`,
    allowed: keys,
    ...(meant !== undefined && { label: `did you mean "${meant}"?` }),
    ...(hint !== undefined && { hint }),
  };
}

/** A key that is right, in the wrong place. */
function elsewhere(schema: z.ZodType, parent: DocumentPath, key: string): string | undefined {
  if (key === '<<') return 'merge keys are not YAML 1.2: write the keys out';
  const places = keyPlaces(schema, '').filter(place => place.key === key);
  const [only, other] = places;
  if (only && !other) return `it belongs into ${only.parent === '' ? 'the top of the document' : only.parent}`;
  return parent.length === 0 && keysOf(schemaAt(schema, ['spec'])).includes(key) ? 'it belongs into spec' : undefined;
}

function keyPlaces(schema: z.core.$ZodType, parent: string): { key: string; parent: string }[] {
  const bare = unwrap(schema);
  if (bare instanceof z.ZodArray) return keyPlaces(bare.def.element, `${parent}[]`);
  if (!(bare instanceof z.ZodObject)) return [];
  return Object.entries(bare.def.shape).flatMap(([key, inner]) => [
    { key, parent },
    ...keyPlaces(inner, parent === '' ? key : `${parent}.${key}`),
  ]);
}

function missingKey(path: DocumentPath): Problem {
  const parent = path.slice(0, -1);
  const key = String(path.at(-1));
  const where = parent.length === 0 ? 'the document' : pathText(parent);
  return {
    severity: 'error',
    code: 'missing-key',
    path: parent,
    message: path.length === 0 ? 'the document is empty' : `${where} lacks "${key}"`,
    mark: typeof parent.at(-1) === 'string' ? 'key' : 'value',
  };
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function wrongType(path: DocumentPath, expected: string, value: unknown): Problem {
  const base = { severity: 'error', code: 'wrong-type', path } as const;
  const where = path.length === 0 ? 'the document' : pathText(path);
  const wanted = TYPE_NAMES[expected] ?? expected;
  if (value === null)
    return {
      ...base,
      message: `${where} is empty; it must be ${wanted}`,
      hint: 'give it a value, or delete the line',
      mark: typeof path.at(-1) === 'string' ? 'key' : 'value',
    };
  const hint = typeHint(path, expected, value);
  return {
    ...base,
    message: `${where} must be ${wanted}, not ${kindOf(value)}`,
    value,
    ...(hint !== undefined && { hint }),
    ...(typeof value === 'object' && typeof path.at(-1) === 'string' && { mark: 'key' }),
  };
}

function typeHint(path: DocumentPath, expected: string, value: unknown): string | undefined {
  const key = path.at(-1);
  if ((key === 'extraArgs' || key === 'extraEnvs') && isMapping(value)) {
    const items = Object.entries(value).map(([name, item]) => `- {name: ${name}, value: ${listFormValue(item)}}`);
    return [`it is a list since kubeadm v1beta4:`, `${key}:`, ...items].join('\n');
  }
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return `quote it: "${value}"`;
  if (expected === 'int' && typeof value === 'string' && /^\d+$/.test(value)) return `without quotes: ${value}`;
  if (expected === 'array' && typeof value !== 'object') return `a list of one: [${String(value)}]`;
  return undefined;
}

function listFormValue(value: unknown): string {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9/_.=-]*$/.test(value) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(value)
    ? value
    : JSON.stringify(String(value));
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'boolean' ? `${value}` : 'a text';
}

function notAllowed(path: DocumentPath, allowed: readonly string[], value: unknown): Problem {
  const meant = typeof value === 'string' ? closestWord(value, allowed) : undefined;
  const shown = typeof value === 'object' ? kindOf(value) : JSON.stringify(value);
  const label =
    allowed.length === 1
      ? `only ${allowed[0]} is possible`
      : meant === undefined
        ? `one of ${allowed.join(', ')}`
        : `did you mean "${meant}"?`;
  const fromKubeadm =
    typeof value === 'string' && value.startsWith('kubeadm.k8s.io/')
      ? { hint: "kubekiln has a format of its own with kubeadm's words: kubekiln init writes an example" }
      : {};
  return {
    severity: 'error',
    code: 'not-allowed',
    path,
    message: `${pathText(path)} cannot be ${shown}`,
    value,
    allowed,
    label,
    ...fromKubeadm,
  };
}

function outOfRange(schema: z.ZodType, path: DocumentPath, value: unknown): Problem {
  const number = schemaAt(schema, path);
  const [least, most] = number instanceof z.ZodNumber ? [number.minValue, number.maxValue] : [undefined, undefined];
  return {
    severity: 'error',
    code: 'out-of-range',
    path,
    message: `${pathText(path)} must be between ${least} and ${most}, not ${String(value)}`,
    value,
    label: `${least} to ${most}`,
  };
}
