import type { ProblemCode } from '../problem-codes.ts';

/** Why a text is not in its format. */
export interface Finding {
  readonly message: string;
  readonly hint?: string;
  readonly code?: ProblemCode;
  /** The text holds a password: no message repeats it. */
  readonly secret?: true;
}

export interface TextFormat {
  readonly code: ProblemCode;
  /** Necessary, not always sufficient: `check` decides. */
  readonly pattern?: RegExp;
  readonly examples: readonly string[];
  /** Completes "… is not": `a duration like 8760h, 30m or 90s`. */
  readonly what: string;
  /** For what the pattern cannot say. Runs only on texts that match it. */
  readonly check?: (text: string) => Finding | undefined;
  readonly hint?: (text: string) => string | undefined;
}

/** A DNS label (RFC 1123), as the source of a pattern. */
export const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
/** One character that can be seen: no controls, and no marks that reorder or hide what a reader sees (Unicode TR 36, 3.1). */
export const VISIBLE = '[^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff\\ufff9-\\uffff]';
