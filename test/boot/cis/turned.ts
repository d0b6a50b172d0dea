import type { Verdict } from './evaluate.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules.ts';

type Verdicts = ReadonlyMap<string, Verdict>;

/** The rules whose verdict changed: `1.2.5 FAIL`. */
export function turned(before: Verdicts, after: Verdicts): readonly string[] {
  return [...after].filter(([id, verdict]) => before.get(id) !== verdict).map(([id, verdict]) => `${id} ${verdict}`);
}

/** Ids of the rules that do not pass, by verdict. */
export function notPassing(verdicts: Verdicts): { readonly FAIL: readonly string[]; readonly WARN: readonly string[] } {
  const of = (wanted: Verdict) => [...verdicts].filter(([, verdict]) => verdict === wanted).map(([id]) => id);
  return { FAIL: of('FAIL'), WARN: of('WARN') };
}

/** What `turned` says of those of `rules` that pass now. */
export function passingAs(ids: readonly string[], rules: readonly Rule[] = RULES): readonly string[] {
  return rules.filter(({ id }) => ids.includes(id)).map(({ id }) => `${id} PASS`);
}

/** What `turned` says of those of `rules` that no longer pass. */
export function brokenAs(ids: readonly string[], rules: readonly Rule[] = RULES): readonly string[] {
  return rules.filter(({ id }) => ids.includes(id)).map(({ id, kind }) => `${id} ${kind === 'automated' ? 'FAIL' : 'WARN'}`);
}
