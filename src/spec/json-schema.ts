import * as z from 'zod';
import { clusterSchema } from './schema.ts';

/** The part of JSON Schema (2020-12) that our schema uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
}

/** JSON Schema of cluster.yaml as a person writes it (defaults may be left out), for editors. */
export function clusterJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(clusterSchema, { io: 'input', target: 'draft-2020-12' });
  return { title: 'kubekiln cluster.yaml', ...schema } as JsonSchema;
}
