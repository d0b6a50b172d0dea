import { type AddonFault, readAddons } from '../addons.ts';
import type { Rule, RuleInput } from '../rule.ts';

/** Entries of spec.addons that are the path of something. */
export function namedAddons({ spec, badTexts }: RuleInput): readonly { name: string; index: number }[] {
  const bad = new Set(badTexts.flatMap(({ text: { path } }) => (path[1] === 'addons' ? [path[2]] : [])));
  return (spec.addons ?? []).flatMap((name, index) => (name === undefined || bad.has(index) ? [] : [{ name, index }]));
}

function addonsOf(input: RuleInput): ReturnType<typeof readAddons> {
  const named = new Map(namedAddons(input).map(({ name, index }) => [index, name]));
  return readAddons(
    (input.spec.addons ?? []).map((_name, index) => named.get(index)),
    input.siblings,
  );
}

function faultRule(code: AddonFault['code']): Rule {
  return {
    code,
    check(input, report) {
      for (const { index, message, hint } of addonsOf(input).faults.filter(fault => fault.code === code))
        report.error(['spec', 'addons', index], message, hint === undefined ? {} : { hint });
    },
  };
}

export const addonRules: readonly Rule[] = [faultRule('bad-addon'), faultRule('addon-secret'), faultRule('duplicate-object')];
