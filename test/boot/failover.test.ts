// Whoever dies, the other two go on: leases move, and a client that knows all three API servers keeps writing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { type ControlPlane, type Member, powerOn, untilReady } from './control-plane.ts';
import { etcdLeader } from './etcd.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { untilLeasesHeldBy } from './leases.ts';
import { seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';
import { startWriter } from './writer.ts';

const LEADING_DAEMONS = 'kube-controller-manager.service kube-scheduler.service';
/** An election of etcd and one lost request: seconds, not tens of them. */
const LONGEST_GAP = 12_000;

test('leases and writes survive the leader', { timeout: 600_000 }, async t => {
  const built = await buildCluster();
  await withControlPlane(
    'failover',
    () => createHosts(built, 'user-data'),
    async plane => {
      await untilReady(plane, await powerOn(plane));
      const writer = startWriter(plane);
      const lapOf = (what: string) => {
        const { acknowledged, failures, longestGap } = writer.lap();
        t.diagnostic(`${what}: ${acknowledged.length} writes, ${failures} failed requests, longest gap ${seconds(longestGap)}`);
        assert.ok(longestGap <= LONGEST_GAP, `${what}: no write for ${seconds(longestGap)}`);
        return acknowledged;
      };
      const written: string[] = [];
      const leader = await etcdLeader(plane);
      t.diagnostic(`the leader is ${leader.name}: etcd's own, and the leases are gathered there`);
      const others = plane.members.filter(other => other !== leader);

      await t.test('the two daemons stop on two hosts: the third takes both leases', async subtest => {
        subtest.diagnostic(`moved in ${seconds(await gatherLeases(plane, leader, others))}`);
        written.push(...lapOf('daemons of two hosts stopped'));
      });

      await t.test("only the leader's two daemons stop: both leases move", async subtest => {
        const since = performance.now();
        await leader.host.sh(`systemctl stop ${LEADING_DAEMONS}`);
        const holders = await untilLeasesHeldBy(plane, others, leader);
        subtest.diagnostic(
          `moved in ${seconds(performance.now() - since)} to ${Object.values(holders)
            .map(holder => holder.name)
            .join(' and ')}`,
        );
        await leader.host.sh(`systemctl start ${LEADING_DAEMONS}`);
        written.push(...lapOf("leader's daemons stopped"));
      });

      await t.test("the leader's host stops: both leases move, the API answers, and it comes back", async subtest => {
        await gatherLeases(plane, leader, others);
        written.push(...lapOf('leases gathered again'));
        const survivor = others[0] ?? leader;
        const since = performance.now();
        await leader.host.stop();
        const off = performance.now();
        const holders = await untilLeasesHeldBy(plane, others, survivor);
        subtest.diagnostic(
          `off in ${seconds(off - since)}; moved after ${seconds(performance.now() - since)} to ${Object.values(holders)
            .map(holder => holder.name)
            .join(' and ')}`,
        );
        written.push(...lapOf("leader's host stopped"));
        await leader.host.start();
        subtest.diagnostic(`back and ready in ${seconds(await untilReady(plane, performance.now()))}`);
        written.push(...lapOf("leader's host back"));
      });

      const { acknowledged } = await writer.stop();
      written.push(...acknowledged);
      await t.test('every acknowledged write is there, on every API server', async subtest => {
        for (const { address } of plane.members) {
          const names = (await plane.operator.kubectl(['get', 'configmaps', '--output=jsonpath={.items[*].metadata.name}'], address)).split(
            ' ',
          );
          assert.deepEqual(
            written.filter(name => !names.includes(name)),
            [],
          );
        }
        subtest.diagnostic(`${written.length} writes`);
      });
    },
  );
});

/** Makes `leader` the holder of both leases: their daemons stop on the others until it is, then start again. Returns milliseconds until it was. */
async function gatherLeases(plane: ControlPlane, leader: Member, others: readonly Member[]): Promise<number> {
  const since = performance.now();
  await Promise.all(others.map(({ host }) => host.sh(`systemctl stop ${LEADING_DAEMONS}`)));
  await untilLeasesHeldBy(plane, [leader], leader);
  const took = performance.now() - since;
  await Promise.all(others.map(({ host }) => host.sh(`systemctl start ${LEADING_DAEMONS}`)));
  return took;
}
