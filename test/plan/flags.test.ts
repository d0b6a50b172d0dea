// No flag is emitted that the target release does not know, nor one that it deprecates, but for a list of exceptions with their reasons.
// src/spec/kubernetes-flags.json was read from the real binaries of each minor.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { explainField } from '../../src/spec/explain.ts';
import { deprecatesFlag, knowsFlag, SUPPORTED_MINORS } from '../../src/spec/kubernetes-releases.ts';
import { smallCluster } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const DEPRECATED_ON_PURPOSE = new Map([
  ['kube-scheduler --kubeconfig', 'a configuration file hides --profiling from the CIS benchmark'],
  ['kube-scheduler --profiling', 'CIS 1.4.1 reads it on the command line only'],
]);
const DAEMONS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

function planOf(version: string, spec = ''): NodePlan {
  const cluster = smallCluster(version, spec);
  const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
  assert.ok(plan);
  return plan;
}

function commandLine(plan: NodePlan, daemon: string): readonly string[] {
  const unit = plan.files.find(file => file.path === `/etc/systemd/system/${daemon}.service`)?.content ?? '';
  return [...unit.matchAll(/^ {2}--(\S.*?)(?: \\)?$/gm)].map(match => match[1] ?? '');
}

describe('flags', () => {
  for (const minor of SUPPORTED_MINORS) {
    it(`are known to 1.${minor} and not deprecated in it`, () => {
      const plan = planOf(`v1.${minor}.0`);
      const { version } = smallCluster(`v1.${minor}.0`);
      for (const daemon of DAEMONS) {
        const names = commandLine(plan, daemon).map(argument => argument.split('=')[0] ?? '');
        assert.ok(names.length >= 12, `${daemon} has ${names.length} flags`);
        for (const name of names) {
          assert.ok(knowsFlag(version, daemon, name), `${daemon} of 1.${minor} does not know --${name}`);
          const onPurpose = DEPRECATED_ON_PURPOSE.has(`${daemon} --${name}`);
          assert.equal(deprecatesFlag(version, daemon, name) && !onPurpose, false, `${daemon} of 1.${minor} deprecates --${name}`);
        }
      }
    });
  }

  it("lets extraArgs replace a flag of ours, once, and add the operator's own", () => {
    const plan = planOf(
      'v1.37.1',
      '  apiServer: {extraArgs: [{name: audit-log-maxage, value: "90"}, {name: event-ttl, value: 2h}]}\n  scheduler: {extraArgs: [{name: v, value: "4"}]}',
    );
    const flags = commandLine(plan, 'kube-apiserver');
    assert.deepEqual(
      flags.filter(flag => flag.startsWith('audit-log-maxage=')),
      ['audit-log-maxage=90'],
    );
    assert.ok(flags.includes('event-ttl=2h'));
    assert.ok(commandLine(plan, 'kube-scheduler').includes('v=4'));
  });

  it('writes values so that systemd expands nothing in them', () => {
    const value = 'a b%n$HOME"c\\d';
    const spec = `  apiServer:\n    extraArgs: [{name: external-hostname, value: ${JSON.stringify(value)}}]\n    extraEnvs: [{name: X, value: ${JSON.stringify(value)}}]`;
    const unit = planOf('v1.37.1', spec).files.find(file => file.path.endsWith('/kube-apiserver.service'))?.content ?? '';
    assert.match(unit, /^ {2}"--external-hostname=a b%%n\$\$HOME\\"c\\\\d"/m);
    assert.match(unit, /^Environment="X=a b%%n\$HOME\\"c\\\\d"$/m);
  });
});

describe('what an image must hold', () => {
  it('is explained completely', () => {
    const { text = '' } = explainField('binaries');
    const prose = text.replace(/\s+/g, ' ');
    for (const { path } of planOf('v1.37.1').binaries)
      assert.ok(prose.includes(path.slice(path.lastIndexOf('/') + 1)), `${path} is not named: ${prose}`);
  });
});
