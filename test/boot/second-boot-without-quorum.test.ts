// One of three hosts comes back alone: it must reach login and the end of cloud-init, and heal when the others are back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { runChecks } from './checks/all-checks.ts';
import { BOOTSTRAP_CHECKS } from './checks/bootstrap-objects.ts';
import { describe, member, powerOn, untilReady } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, seconds } from './patience.ts';
import { consoleMark, consoleSince, unitState } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

const BINDING = ['clusterrolebinding', 'kubeadm:cluster-admins'];
const LONGEST = 60_000;

test('second boot without a quorum, and an operator who edited a bootstrap object', { timeout: 300_000 }, async t => {
  const built = await buildCluster();
  await withControlPlane(
    'second-boot',
    () => createHosts(built, 'user-data'),
    async plane => {
      const alone = member(plane, 0);
      await untilReady(plane, await powerOn(plane));
      await runChecks(t, plane, BOOTSTRAP_CHECKS);
      // Each of them applies the objects of a cluster that it takes for new.
      const applied = async () => {
        for (const { host, name } of plane.members) {
          const running = async () => (await unitState(host, 'kubekiln-bootstrap.service')) === 'active/running';
          await eventually(`bootstrap objects were applied on ${name}`, running, { explain: () => describe(plane) });
        }
      };
      await applied();
      const edit = '[{"op":"add","path":"/subjects/-","value":{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"edited"}}]';
      await plane.operator.kubectl(['patch', ...BINDING, '--type=json', `--patch=${edit}`], alone.address);
      await Promise.all(plane.members.map(({ host }) => host.stop()));

      await t.test('alone: login and the end of cloud-init within a minute, its daemons waiting', async subtest => {
        const mark = await consoleMark(alone.host);
        const since = await powerOn(plane, [{ index: 0, after: 0 }]);
        const patience = { timeout: LONGEST, every: 100, explain: () => describe(plane) };
        await eventually('a login prompt', async () => / login: /.test(await consoleSince(alone.host, mark)), patience);
        const login = performance.now() - since;
        await eventually('cloud-final', async () => (await unitState(alone.host, 'cloud-final.service')) === 'active/exited', patience);
        const final = performance.now() - since;
        assert.ok(final <= LONGEST, seconds(final));
        subtest.diagnostic(`login after ${seconds(login)}, cloud-final after ${seconds(final)}`);
        assert.equal(await unitState(alone.host, 'multi-user.target'), 'active/active');
        assert.equal(await unitState(alone.host, 'kubekiln-install.service'), 'active/exited');
        const waits = async () => (await unitState(alone.host, 'etcd.service')) === 'activating/start';
        await eventually('etcd waits for its quorum', waits, patience);
        assert.equal(await plane.operator.ready(alone.address), false);
      });
      await t.test('the others return: ready everywhere, and the edit is there', async subtest => {
        const since = await powerOn(plane, [
          { index: 1, after: 0 },
          { index: 2, after: 0 },
        ]);
        subtest.diagnostic(`ready ${seconds(await untilReady(plane, since))} after the others were switched on`);
        await applied();
        const subjects = await plane.operator.kubectl(['get', ...BINDING, '--output=jsonpath={.subjects[*].name}'], alone.address);
        assert.equal(subjects, 'kubeadm:cluster-admins edited');
      });
    },
  );
});
