// The CIS benchmark's rules over planned nodes: seconds instead of a boot. test/boot/cis.test.ts asks a real host.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { changedFacts } from '../boot/cis/change.ts';
import { evaluate } from '../boot/cis/evaluate.ts';
import { EXPECTED_FAILURES, EXPECTED_WARNINGS, UNDECIDABLE } from '../boot/cis/expected.ts';
import type { Facts } from '../boot/cis/facts.ts';
import { RULES } from '../boot/cis/rules.ts';
import { TRIALS } from '../boot/cis/trials.ts';
import { brokenAs, notPassing, passingAs, turned } from '../boot/cis/turned.ts';
import { readFixture } from '../plan/read-fixture.ts';
import { requestCredentials } from '../plan/request-credentials.ts';
import { plannedFacts } from './planned-facts.ts';

function factsOf(scenario: string): Facts {
  const cluster = readFixture(join(packageRoot(), 'test/golden', scenario, 'cluster.yaml'));
  const plans = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
  const plan = plans.find(({ node }) => node.role === 'control-plane');
  assert.ok(plan, `${scenario} has no control plane`);
  return plannedFacts(plan);
}

const expected = { FAIL: Object.keys(EXPECTED_FAILURES), WARN: Object.keys(EXPECTED_WARNINGS) };

describe('CIS benchmark 1.12', () => {
  it('has 60 rules for masters, 7 for etcd, 5 for the control plane, and a trial for each that can turn', () => {
    const count = (pattern: RegExp) => RULES.filter(({ id }) => pattern.test(id)).length;
    assert.deepEqual([count(/^1\./), count(/^2\./), count(/^3\./), RULES.length], [60, 7, 5, 72]);
    assert.equal(RULES.filter(({ kind }) => kind === 'automated').length, 53);
    const tried = [...new Set(TRIALS.map(({ turns }) => turns[0] ?? ''))];
    assert.deepEqual([...tried, ...UNDECIDABLE].sort(), RULES.map(({ id }) => id).sort());
  });

  for (const scenario of ['minimal', 'ha-stacked', 'dual-stack', 'external-endpoint', 'kubernetes-1.33', 'kubernetes-1.36']) {
    it(`finds nothing unexpected in ${scenario}`, () => assert.deepEqual(notPassing(evaluate(RULES, factsOf(scenario))), expected));
  }

  const facts = factsOf('ha-stacked');
  for (const { turns, change, mend } of TRIALS) {
    it(`notices when ${turns[0]} is broken, and nothing else`, () => {
      const before = changedFacts(facts, mend === undefined ? [] : [mend.change]);
      if (mend !== undefined) assert.deepEqual(turned(evaluate(RULES, facts), evaluate(RULES, before)), passingAs(mend.turns));
      const after = changedFacts(before, [change]);
      assert.deepEqual(turned(evaluate(RULES, before), evaluate(RULES, after)), brokenAs(turns));
    });
  }

  it('is explained in docs/security.md: each rule that does not pass, and no other', () => {
    const [, section = ''] = readFileSync(join(packageRoot(), 'docs/security.md'), 'utf8').split(/^## CIS Kubernetes benchmark$/m);
    const rows = section.split(/^## /m)[0]?.matchAll(/^\| ([\d., ]+) \| (WARN|FAIL) \|/gm) ?? [];
    const named = { FAIL: [] as string[], WARN: [] as string[] };
    for (const [, ids = '', verdict] of rows) named[verdict === 'FAIL' ? 'FAIL' : 'WARN'].push(...ids.split(', '));
    assert.deepEqual(named, expected);
  });
});
