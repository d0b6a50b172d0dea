// The check of a finished plan: each rule, broken once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bug } from '../../src/bug.ts';
import { checkPlan } from '../../src/plan/check-plan.ts';
import type { NodePlan, PlannedFile } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { smallCluster } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const cluster = smallCluster();
const [sound] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
assert.ok(sound);
const plan: NodePlan = sound;

const file: PlannedFile = { path: '/etc/x', mode: 0o600, owner: 'root', content: 'x\n', part: 'config', secret: false, restarts: [] };
const withFile = (changes: Partial<PlannedFile>): NodePlan => ({ ...plan, files: [...plan.files, { ...file, ...changes }] });
const KEY = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n';

describe('the check of a plan', () => {
  it('is silent about a sound plan', () => {
    checkPlan(plan);
    checkPlan(withFile({}));
    checkPlan(withFile({ content: KEY, secret: true, part: 'identity' }));
  });

  const cases: readonly (readonly [what: string, broken: NodePlan, message: RegExp])[] = [
    ['a path with a blank', withFile({ path: '/etc/a b' }), /\/etc\/a b is not a clean absolute path/],
    ['a path that leads up', withFile({ path: '/etc/../x' }), /not a clean absolute path/],
    ['a relative path', withFile({ path: 'etc/x' }), /not a clean absolute path/],
    ['an owner whom nobody plans', withFile({ owner: 'mallory' }), /belongs to mallory/],
    ['a key that is not marked', withFile({ content: KEY }), /holds key material/],
    ['an encryption key that is not marked', withFile({ content: 'keys:\n- name: a\n  secret: AAAA\n' }), /holds key material/],
    ['a secret that the group may read', withFile({ secret: true, part: 'identity', mode: 0o640 }), /readable by others/],
    ['a secret that could be baked', withFile({ secret: true, part: 'runtime' }), /not part of the identity/],
    ['a carriage return', withFile({ content: 'x\r\n' }), /not text that ends in a newline/],
    ['no newline at the end', withFile({ content: 'x' }), /not text that ends in a newline/],
    ['a restart of nothing', withFile({ restarts: ['x.service'] }), /restarts x\.service/],
    ['a path twice', { ...plan, files: [...plan.files, file, file] }, /planned twice/],
    ['two users with one uid', { ...plan, users: [...plan.users, { name: 'a', uid: plan.users[0]?.uid ?? 0, home: '/' }] }, /share a uid/],
    ['a directory that is a file', { ...withFile({}), directories: [{ path: '/etc/x', mode: 0o755, owner: 'root' }] }, /both a file and/],
    ['a unit without a file', { ...plan, units: [...plan.units, { name: 'x.service', startedBy: 'target' }] }, /x\.service has no file/],
    ['an odd unit name', { ...plan, units: [...plan.units, { name: 'x', startedBy: 'target' }] }, /x is not the name of a unit/],
    [
      'an enabled unit without [Install]',
      { ...plan, units: plan.units.map(unit => ({ ...unit, startedBy: 'boot' as const })) },
      /enabled but has no \[Install\]/,
    ],
    ['a binary that takes two lines', { ...plan, binaries: [{ path: '/usr/bin/x', description: 'x\ny' }] }, /cannot stand in the plan/],
  ];
  for (const [what, broken, message] of cases)
    it(`is a bug: ${what}`, () =>
      assert.throws(
        () => checkPlan(broken),
        (error: unknown) => error instanceof Bug && message.test(error.message),
      ));
});
