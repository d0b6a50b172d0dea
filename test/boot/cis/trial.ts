// The form of a trial, and the words that the tables of trials are written in.
import type { Change, Program } from './change.ts';

export interface Trial {
  /** Rules that turn with it: the first is the one on trial. */
  readonly turns: readonly string[];
  readonly change: Change;
  /** What must be done before, and the rules that pass because of it. */
  readonly mend?: { readonly change: Change; readonly turns: readonly string[] };
}

export const mode = (id: string, path: string, value: string): Trial => ({ turns: [id], change: { kind: 'mode', path, mode: value } });
export const owner = (id: string, path: string, value: string): Trial => ({ turns: [id], change: { kind: 'owner', path, owner: value } });
export const privateFile = (ids: readonly [string, string], path: string) => [
  mode(ids[0], path, '640'),
  owner(ids[1], path, 'root:daemon'),
];

export function argument(daemon: Program, id: string, flag: string, value?: string): Trial {
  return { turns: [id], change: { kind: 'argument', daemon, flag: `--${flag}`, ...(value !== undefined && { value }) } };
}
