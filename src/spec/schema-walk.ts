// Walking the schema beside a value: the lenient draft that rules run on, and the schema at a path.
import * as z from 'zod';
import type { DocumentPath } from '../problem.ts';
import { formatOf } from './field.ts';
import type { FormatName } from './text-formats.ts';

/**
 * A document in which anything may be missing: what is wrong became undefined, what is right has its defaults, list indices are those of the file.
 */
export type Draft<T> = T extends readonly (infer Item)[]
  ? readonly (Draft<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Draft<T[Key]> | undefined }
    : T;

/** A text of the file with its format. `key`: the text is a key, not a value. */
export interface FormattedText {
  readonly path: DocumentPath;
  readonly value: string;
  readonly format: FormatName;
  readonly key: boolean;
}

/** The draft of a value, and every formatted text that the file itself holds (defaults are left out). */
export function draftOf<T>(schema: z.ZodType<T>, value: unknown): { draft: Draft<T> | undefined; texts: readonly FormattedText[] } {
  const texts: FormattedText[] = [];
  return { draft: walk(schema, value, [], texts) as Draft<T> | undefined, texts };
}

function walk(schema: z.core.$ZodType, value: unknown, path: DocumentPath, texts: FormattedText[]): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return value === undefined ? z.safeParse(schema, undefined).data : walk(schema.def.innerType, value, path, texts);
  if (schema instanceof z.ZodOptional) return value === undefined ? undefined : walk(schema.def.innerType, value, path, texts);
  if (schema instanceof z.ZodObject) {
    const given = isMapping(value) ? value : undefined;
    if (!given) return undefined;
    return Object.fromEntries(
      Object.entries(schema.def.shape).map(([key, inner]) => [key, walk(inner, own(given, key), [...path, key], texts)]),
    );
  }
  if (schema instanceof z.ZodArray)
    return Array.isArray(value) ? value.map((item, index) => walk(schema.def.element, item, [...path, index], texts)) : undefined;
  if (schema instanceof z.ZodRecord) {
    if (!isMapping(value)) return undefined;
    const entries = Object.entries(value).map(([key, item]) => {
      const format = formatOf(schema.def.keyType);
      if (format) texts.push({ path: [...path, key], value: key, format, key: true });
      return [key, walk(schema.def.valueType, item, [...path, key], texts)];
    });
    return Object.fromEntries(entries);
  }
  const format = formatOf(schema);
  if (format && typeof value === 'string') texts.push({ path, value, format, key: false });
  return z.safeParse(schema, value).data;
}

/** The schema of a field, without the wrappers that make it optional or give it a default; `item` in the path steps into lists. */
export function schemaAt(root: z.core.$ZodType, path: DocumentPath): z.core.$ZodType | undefined {
  let found: z.core.$ZodType | undefined = unwrap(root);
  for (const part of path) {
    const next: z.core.$ZodType | undefined =
      found instanceof z.ZodObject
        ? own(found.def.shape, String(part))
        : found instanceof z.ZodArray
          ? found.def.element
          : found instanceof z.ZodRecord
            ? found.def.valueType
            : undefined;
    found = next && unwrap(next);
  }
  return found;
}

export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? unwrap(schema.def.innerType)
    : schema;
}

/** Keys that a mapping of the schema has. */
export function keysOf(schema: z.core.$ZodType | undefined): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.def.shape) : [];
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own<Value>(object: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
