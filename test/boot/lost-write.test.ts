// A write that two of three acknowledged, and then one of the two comes back with a blank disk: no quorum may form without that write.
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { run } from './command.ts';
import { type ControlPlane, type Member, member, powerOn } from './control-plane.ts';
import { ETCD_HELD, etcdOnly, slowEtcd } from './daemons.ts';
import { etcdctl } from './etcd.ts';
import { DATA, hasData, untilEtcd, untilJoined } from './etcd-guard-host.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, sleep } from './patience.ts';
import { consoleMark, unitState, untilVerdict } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

/** etcd's user, from the payload's plan. */
const ETCD_UID = 60600;

const REFUSED = { stage: 'etcd', result: 'refused', unit: ['etcd.service', /^activating\/start-pre$/] } as const;
const WAITING = { ...REFUSED, result: 'waiting' } as const;

test('c down, a write by a and b, all stop; b comes back blank, then c, then a', { timeout: 240_000 }, async () => {
  const built = await buildCluster({ spec: { bootstrapPatience: '3s' } });
  const programs = await etcdOnly();
  await withControlPlane(
    'lost-write',
    () => createHosts(built, 'user-data', { programs }),
    async plane => {
      const [a, b, c] = [member(plane, 0), member(plane, 1), member(plane, 2)];
      await powerOn(plane);
      await untilEtcd(plane);
      await untilJoined(plane, c);
      await c.host.stop();
      await etcdctl(plane, a, 'put', 'acknowledged', 'by a and b');
      await Promise.all([a.host.stop(), b.host.stop()]);

      await b.host.renewDisk();
      // What a start that failed leaves behind is no data.
      await mkdir(join(b.host.root, DATA, 'member/snap'), { recursive: true });
      await run('chown', ['--recursive', `${ETCD_UID}:${ETCD_UID}`, join(b.host.root, DATA)]);
      const mark = await consoleMark(b.host);
      await b.host.start();
      await untilVerdict(b.host, mark, { ...WAITING, reason: /no data here yet; no answer from .*10\.77\.0\.11.*10\.77\.0\.13/ });
      await sleep(6000);
      assert.equal(await unitState(b.host, 'etcd.service'), 'activating/start-pre', 'b passed its guard alone');
      assert.equal(await hasData(b), false, 'b founded a cluster of its own');
      await c.host.start();
      await untilVerdict(b.host, mark, {
        ...REFUSED,
        reason: /10\.77\.0\.13:2380 knows this member as one that ran/,
        remedy: /replace this node/,
      });
      await assertNoQuorum(plane, c);
      await a.host.start();
      await untilEtcd(plane, [a, c]);
      for (const of of [a, c]) assert.equal(await valueAt(plane, of), 'by a and b\n', of.name);
      assert.equal(await hasData(b), false);
    },
  );
});

test('the same, where c never learned that b ran: its word alone does not let b in', { timeout: 400_000 }, async () => {
  const built = await buildCluster({ spec: { bootstrapPatience: '3s' } });
  const programs = await slowEtcd();
  await withControlPlane(
    'lost-write-stale-peer',
    () => createHosts(built, 'user-data', { programs }),
    async plane => {
      const [a, b, c] = [member(plane, 0), member(plane, 1), member(plane, 2)];
      await powerOn(plane, [
        { index: 0, after: 0 },
        { index: 2, after: 0 },
      ]);
      await untilEtcd(plane, [a, c]);
      // b passes its guard while a and c are a quorum; by the time that its etcd begins, c is cut off.
      await writeFile(join(b.host.root, ETCD_HELD), '');
      await b.host.start();
      await eventually('b passed its guard', async () => /never ran: joining it/.test(await b.host.journal('--unit=etcd', '--output=cat')));
      await c.host.sh('ip link set host0 down');
      await rm(join(b.host.root, ETCD_HELD));
      await untilEtcd(plane, [a, b]);
      await untilJoined(plane, b);
      await etcdctl(plane, a, 'put', 'acknowledged', 'by a and b');
      await Promise.all([a.host.cut(), b.host.cut()]);
      await c.host.sh('ip link set host0 up');

      await b.host.renewDisk();
      await b.host.start();
      // First an etcd that ran all the while, then one that began anew: neither can say more than what it once knew.
      for (const again of [false, true]) {
        const mark = await consoleMark(b.host);
        if (again) {
          await Promise.all([b.host.cut(), c.host.cut()]);
          await Promise.all([b.host.start(), c.host.start()]);
        }
        await untilVerdict(b.host, mark, { ...WAITING, reason: /10\.77\.0\.13:2380 has no quorum to confirm that this member never ran/ });
        await sleep(6000);
        assert.equal(await hasData(b), false, 'b joined on the word of a peer that knew too little');
        await assertNoQuorum(plane, c);
      }
      const mark = await consoleMark(b.host);
      await a.host.start();
      await untilVerdict(b.host, mark, { ...REFUSED, reason: /knows this member as one that ran/ });
      await untilEtcd(plane, [a, c]);
      for (const of of [a, c]) assert.equal(await valueAt(plane, of), 'by a and b\n', of.name);
    },
  );
});

/** What a read that needs a quorum finds at that member. */
async function valueAt(plane: ControlPlane, of: Member): Promise<string> {
  return etcdctl(plane, of, 'get', 'acknowledged', '--print-value-only');
}

async function assertNoQuorum(plane: ControlPlane, of: Member): Promise<void> {
  await assert.rejects(etcdctl(plane, of, 'get', 'acknowledged'), /deadline|unavailable|no leader/i);
}
