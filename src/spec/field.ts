// The vocabulary of the schema: a field is a zod type with a description, examples and, for texts, a named format. Types, defaults, JSON Schema,
// `explain` and docs/cluster.md are all derived from it.
// A namespace import everywhere: `import { z }` would keep zod's fifty locales in the bundle, and triple the time that loading it takes.
import '../formats/zod-settings.ts';
import * as z from 'zod';
import type { TextFormat } from './text-format.ts';
import { type FormatName, TEXT_FORMATS } from './text-formats.ts';

/** Formats by schema instance: the schema itself takes any text, so that every misspelt value in a file is reported by the format's own rule. */
const formats = z.registry<{ format: FormatName }>();

export function formatOf(schema: z.core.$ZodType): FormatName | undefined {
  return formats.get(schema)?.format;
}

export interface FieldNotes {
  readonly examples?: readonly string[];
}

/** A text in a named format. */
export function text(format: FormatName, description: string, notes: FieldNotes = {}) {
  const { pattern, examples: usual }: TextFormat = TEXT_FORMATS[format];
  const examples = notes.examples ?? usual;
  const schema = z
    .string()
    .meta({ description, ...(pattern && { pattern: pattern.source }), ...(examples.length > 0 && { examples: [...examples] }) });
  formats.add(schema, { format });
  return schema;
}

/** A whole number between two bounds. */
export function integer(description: string, minimum: number, maximum: number) {
  return z.int().min(minimum).max(maximum).meta({ description });
}

/** true or false. */
export function boolean(description: string) {
  return z.boolean().meta({ description });
}

/** A TCP port. */
export function port(description: string) {
  return integer(description, 1, 65535);
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words, description: string) {
  return z.enum(words).meta({ description });
}

export function list<Item extends z.ZodType>(item: Item, description: string) {
  return z.array(item).meta({ description });
}

/** A mapping with fixed keys; any other key is a mistake. */
export function mapping<Shape extends z.core.$ZodLooseShape>(description: string, shape: Shape) {
  return z.strictObject(shape).meta({ description });
}

/** A mapping with free keys, each in a format, as labels are. */
export function table<Value extends z.ZodType>(key: FormatName, value: Value, description: string) {
  const keys = z.string();
  formats.add(keys, { format: key });
  return z.record(keys, value).meta({ description });
}

/** An upstream document that is handed on as it is. */
export function upstream(description: string) {
  return z.record(z.string(), z.unknown()).meta({ description });
}
