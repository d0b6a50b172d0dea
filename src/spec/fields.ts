// The schema as a tree of fields with everything that a reader may be told about each.
import { clusterJsonSchema, type JsonSchema } from './json-schema.ts';

export interface Field {
  /** `spec.nodes[].address` */
  readonly path: string;
  readonly name: string;
  /** `text`, `list of mappings`, … */
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
  /** As it would be written in the file; absent when there is none worth naming. */
  readonly default?: string;
  readonly allowed?: readonly string[];
  readonly examples: readonly string[];
  readonly children: readonly Field[];
}

/** The document itself, with all fields below it. */
export function fieldTree(): Field {
  return fieldOf(clusterJsonSchema(), '', '', true);
}

/** The field at a path; list brackets may be left out. */
export function findField(root: Field, path: string): { field?: Field; parent: Field; missing?: string } {
  let found = root;
  for (const name of path
    .replace(/\[\w*\]/g, '')
    .split('.')
    .filter(part => part !== '')) {
    const child = found.children.find(candidate => candidate.name === name);
    if (!child) return { parent: found, missing: name };
    found = child;
  }
  return { field: found, parent: found };
}

function fieldOf(schema: JsonSchema, name: string, path: string, required: boolean): Field {
  const inner = schema.items ?? schema;
  const childPath = schema.items ? `${path}[]` : path;
  const children = Object.entries(inner.properties ?? {}).map(([key, child]) =>
    fieldOf(child, key, childPath === '' ? key : `${childPath}.${key}`, inner.required?.includes(key) ?? false),
  );
  const allowed = schema.enum ?? (schema.const === undefined ? undefined : [String(schema.const)]) ?? inner.enum;
  const defaultText = schema.default === undefined ? undefined : written(schema.default);
  return {
    path,
    name,
    type: typeOf(schema),
    required: required && schema.default === undefined,
    description: schema.description ?? '',
    ...(defaultText !== undefined && { default: defaultText }),
    ...(allowed && { allowed }),
    examples: (schema.examples ?? inner.examples ?? []).filter(example => example !== defaultText),
    children,
  };
}

function typeOf(schema: JsonSchema): string {
  if (schema.items) return `list of ${plural(typeOf(schema.items))}`;
  if (schema.type === 'integer') return `whole number, ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'boolean') return 'true or false';
  return schema.type === 'object' ? 'mapping' : 'text';
}

function plural(type: string): string {
  return `${type}s`;
}

function written(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return String(value);
  if (!Array.isArray(value) || value.some(item => typeof item === 'object')) return undefined;
  return `[${value.join(', ')}]`;
}
