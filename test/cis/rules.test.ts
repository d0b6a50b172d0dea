// The CIS benchmark's rules over planned nodes: seconds instead of a boot. test/boot/cis.test.ts asks a real host.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import type { Role } from '../../src/spec/cluster.ts';
import { changedFacts } from '../boot/cis/change.ts';
import { evaluate } from '../boot/cis/evaluate.ts';
import { expectedOf, UNDECIDABLE } from '../boot/cis/expected.ts';
import type { Facts } from '../boot/cis/facts.ts';
import { RULES, rulesOf } from '../boot/cis/rules.ts';
import { TRIALS, trialsOf } from '../boot/cis/trials.ts';
import { brokenAs, notPassing, passingAs, turned } from '../boot/cis/turned.ts';
import { readFixture } from '../plan/read-fixture.ts';
import { requestCredentials } from '../plan/request-credentials.ts';
import { plannedFacts } from './planned-facts.ts';

const ROLES = ['control-plane', 'worker'] as const;

function factsOf(scenario: string, role: Role): Facts {
  const cluster = readFixture(join(packageRoot(), 'test/golden', scenario, 'cluster.yaml'));
  const plans = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
  const plan = plans.find(({ node }) => node.role === role);
  assert.ok(plan, `${scenario} has no ${role}`);
  return plannedFacts(plan);
}

describe('CIS benchmark 1.12', () => {
  it('has 60 rules for masters, 7 for etcd, 5 for the control plane, 25 for nodes, and a trial for each that can turn', () => {
    const count = (pattern: RegExp) => RULES.filter(({ id }) => pattern.test(id)).length;
    assert.deepEqual([count(/^1\./), count(/^2\./), count(/^3\./), count(/^4\./), RULES.length], [60, 7, 5, 25, 97]);
    assert.equal(RULES.filter(({ kind }) => kind === 'automated').length, 65);
    const tried = [...new Set(TRIALS.map(({ turns }) => turns[0] ?? ''))];
    assert.deepEqual([...tried, ...UNDECIDABLE].sort(), RULES.map(({ id }) => id).sort());
  });

  for (const scenario of ['minimal', 'ha-stacked', 'dual-stack', 'external-endpoint', 'kubernetes-1.33', 'kubernetes-1.36']) {
    it(`finds nothing unexpected in ${scenario}`, () => {
      assert.deepEqual(notPassing(evaluate(RULES, factsOf(scenario, 'control-plane'))), expectedOf(RULES));
    });
  }

  for (const role of ROLES) {
    const rules = rulesOf(role);
    const facts = factsOf('minimal', role);
    it(`finds nothing unexpected on a ${role}`, () => assert.deepEqual(notPassing(evaluate(rules, facts)), expectedOf(rules)));
    for (const [index, { turns, change, mend }] of trialsOf(role).entries()) {
      it(`notices on a ${role} when ${turns[0]} is broken, and nothing else (trial ${index + 1})`, () => {
        const before = changedFacts(facts, mend === undefined ? [] : [mend.change]);
        assert.deepEqual(turned(evaluate(rules, facts), evaluate(rules, before)), passingAs(mend?.turns ?? [], rules));
        const after = changedFacts(before, [change]);
        assert.deepEqual(turned(evaluate(rules, before), evaluate(rules, after)), brokenAs(turns, rules));
      });
    }
  }

  it('is explained in docs/security.md: each rule that does not pass, and no other', () => {
    const [, section = ''] = readFileSync(join(packageRoot(), 'docs/security.md'), 'utf8').split(/^## CIS Kubernetes benchmark$/m);
    const rows = section.split(/^## /m)[0]?.matchAll(/^\| ([\d., ]+) \| (WARN|FAIL) \|/gm) ?? [];
    const named = { FAIL: [] as string[], WARN: [] as string[] };
    for (const [, ids = '', verdict] of rows) named[verdict === 'FAIL' ? 'FAIL' : 'WARN'].push(...ids.split(', '));
    assert.deepEqual(named, expectedOf(RULES));
  });
});
