// What does not pass on a node of kubekiln, and why. docs/security.md says it to operators; a test holds the two together.
import type { Rule } from './rule.ts';

/** Rule id to reason. */
export type Reasons = Readonly<Record<string, string>>;

/** Automated rules that fail on purpose. */
export const EXPECTED_FAILURES: Reasons = {
  '1.1.13': 'no admin.conf stands on a node; the rule wants to see its mode',
  '1.1.14': 'no admin.conf stands on a node; the rule wants to see its owner',
};

/** Manual rules that warn: either nothing could decide them, or an operator's decision is needed. */
export const EXPECTED_WARNINGS: Reasons = {
  '1.1.9': 'network plugins keep their leases in /run/cni/leases, where the rule does not look',
  '1.1.10': 'network plugins keep their leases in /run/cni/leases, where the rule does not look',
  '1.2.11': 'AlwaysPullImages makes every start of a pod depend on the registry',
  '1.2.20': 'the benchmark warns whatever the value is; ours is the default of one minute',
  '3.1.1': 'the benchmark warns always; who logs in with admin.conf does use a certificate',
  '3.1.2': 'the benchmark warns always; kubekiln makes no such token',
  '3.1.3': 'the benchmark warns always; bootstrap tokens are not enabled',
  '3.2.2': 'the benchmark warns always; the default policy covers what it lists',
  '4.2.7': 'clouds invent host names; the certificate has the name that cluster.yaml gives the node',
};

/** Rules that no program decides: nothing on a host can turn them. */
export const UNDECIDABLE = ['1.2.20', '3.1.1', '3.1.2', '3.1.3', '3.2.2'] as const;

/** What does not pass of `rules`, by verdict. */
export function expectedOf(rules: readonly Rule[]): { readonly FAIL: readonly string[]; readonly WARN: readonly string[] } {
  const of = (reasons: Reasons) => Object.keys(reasons).filter(id => rules.some(rule => rule.id === id));
  return { FAIL: of(EXPECTED_FAILURES), WARN: of(EXPECTED_WARNINGS) };
}
