// etcd's data lost while peers live, founding without all, and the window: the guard waits, refuses by name, or founds. Data lost while the peers are
// down: lost-write.test.ts.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BuiltCluster, buildCluster } from './built-cluster.ts';
import { run } from './command.ts';
import { type ControlPlane, member, powerOn } from './control-plane.ts';
import { etcdOnly } from './daemons.ts';
import { etcdctl, etcdMembers } from './etcd.ts';
import { hasData, loseData, untilEtcd, untilJoined } from './etcd-guard-host.ts';
import { createHosts, seedTree } from './kubekiln-hosts.ts';
import { seconds, sleep } from './patience.ts';
import { consoleMark, untilVerdict } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

const GUARD_WAITS = ['etcd.service', /^activating\/start-pre$/] as const;
const PATIENCE = 6;
/** Seconds from a build to the end of its bootstrap window: more than two hosts need to found. */
const WINDOW = 90;

const withGuards = async <T>(label: string, built: BuiltCluster, use: (plane: ControlPlane) => Promise<T>) => {
  const programs = await etcdOnly();
  return withControlPlane(`etcd-guard-${label}`, () => createHosts(built, 'user-data', { programs }), use);
};

test('two of three founding members, the third days later; then one loses its data', { timeout: 600_000 }, async t => {
  // The window ends WINDOW seconds after the build; few entries kept, so that the late member must take a snapshot.
  const snapshots = ['snapshot-count', 'snapshot-catchup-entries'].map(name => ({ name, value: '50' }));
  const spec = { bootstrapPatience: `${PATIENCE}s`, etcd: { local: { extraArgs: snapshots } } };
  const built = await buildCluster({ spec, daysAgo: 30 - WINDOW / 86_400 });
  await withGuards('patience', built, async plane => {
    const [a, b, c] = [member(plane, 0), member(plane, 1), member(plane, 2)];
    await t.test('after the patience a blank majority founds, and says so', async subtest => {
      const marks = new Map([[a, await consoleMark(a.host)] as const, [b, await consoleMark(b.host)] as const]);
      const since = await powerOn(plane, [
        { index: 0, after: 0 },
        { index: 1, after: 0 },
      ]);
      for (const [of, mark] of marks) {
        await untilVerdict(of.host, mark, { stage: 'etcd', result: 'waiting', reason: /no data here yet; no answer from .*10\.77\.0\.13/ });
      }
      await untilEtcd(plane, [a, b]);
      subtest.diagnostic(`founded by two ${seconds(performance.now() - since)} after power-on, patience ${PATIENCE} s`);
      const done = { stage: 'etcd', result: 'done', reason: /^$/, console: /no answer from/ } as const;
      for (const [of, mark] of marks) {
        await untilVerdict(of.host, mark, { ...done, unit: ['etcd.service', /^active\/running$/] });
      }
      const announced = await Promise.all([...marks].map(async ([of]) => of.host.journal('--unit=etcd', '--output=cat')));
      assert.match(announced.join('\n'), /a blank majority founds the cluster/);
    });
    await t.test('the third, days later, after the window: it joins the cluster that is there', async () => {
      await etcdctl(plane, a, 'put', 'early', 'bird');
      for (let index = 0; index < 150; index++) await etcdctl(plane, a, 'put', 'many', String(index));
      const ends = Number((await a.host.sh('. /etc/kubekiln/node.env; echo $KUBEKILN_BOOTSTRAP_BEFORE')).trim());
      await sleep(Math.max(0, ends * 1000 - Date.now()) + 1000);
      const mark = await consoleMark(c.host);
      await powerOn(plane, [{ index: 2, after: 0 }]);
      await untilVerdict(c.host, mark, {
        stage: 'etcd',
        result: 'done',
        reason: /^$/,
        console: /etcd: starting: the cluster exists, and this founding member never ran: joining it/,
        unit: ['etcd.service', /^active\/running$/],
      });
      await untilEtcd(plane);
      assert.equal(await etcdctl(plane, c, 'get', 'early', '--print-value-only', '--consistency=s'), 'bird\n');
      const ids = await Promise.all(plane.members.map(async of => (await etcdMembers(plane, of)).clusterId));
      assert.equal(new Set(ids).size, 1);
    });

    await t.test('data wiped while the peers live: refused because of the mark', async () => {
      await untilJoined(plane, b);
      const mark = await consoleMark(b.host);
      await loseData(b);
      await untilVerdict(b.host, mark, {
        stage: 'etcd',
        result: 'refused',
        reason: /this member is in the cluster since \d{4}-\S+, but its data in \/var\/lib\/etcd is gone/,
        remedy: /replace this node/,
        unit: GUARD_WAITS,
      });
      assert.equal(await hasData(b), false);
    });
    await t.test('the mark wiped as well: refused because of what a peer says', async () => {
      const mark = await consoleMark(b.host);
      await loseData(b, true);
      await untilVerdict(b.host, mark, {
        stage: 'etcd',
        result: 'refused',
        reason: /the etcd at https:\/\/10\.77\.0\.1[13]:2380 knows this member as one that ran, but its data/,
        remedy: /replace this node/,
        unit: GUARD_WAITS,
      });
      assert.equal(await hasData(b), false);
      await untilEtcd(plane, [a, c]);
    });
    await t.test('wiped after the window, and all peers are down: waits, founds nothing; then refuses', async () => {
      await etcdctl(plane, a, 'put', 'late', 'write');
      await Promise.all([a, c].map(({ host }) => host.stop()));
      await b.host.renewDisk();
      const mark = await consoleMark(b.host);
      await b.host.start();
      await untilVerdict(b.host, mark, {
        stage: 'etcd',
        result: 'waiting',
        reason: /the time to found this cluster ended .* member that has data/,
        unit: GUARD_WAITS,
      });
      await sleep((PATIENCE + 3) * 1000);
      assert.equal(await hasData(b), false, 'founded after the window');
      await Promise.all([a, c].map(({ host }) => host.start()));
      const reason = /knows this member as one that ran, but its data/;
      await untilVerdict(b.host, mark, { stage: 'etcd', result: 'refused', reason, remedy: /replace this node/, unit: GUARD_WAITS });
      await untilEtcd(plane, [a, c]);
      assert.equal(await etcdctl(plane, a, 'get', 'late', '--print-value-only'), 'write\n');
    });
    await t.test('taken out of the cluster: refused, since a founding member cannot grow a cluster', async () => {
      const { members } = await etcdMembers(plane, a);
      const list = await etcdctl(plane, a, 'member', 'list');
      assert.equal(members.length, 3);
      const id =
        list
          .split('\n')
          .find(line => line.includes(`https://${b.address}:2380`))
          ?.split(',')[0] ?? '';
      const mark = await consoleMark(b.host);
      await etcdctl(plane, a, 'member', 'remove', id);
      await untilVerdict(b.host, mark, {
        stage: 'etcd',
        result: 'refused',
        reason: /the etcd at https:\/\/10\.77\.0\.1[13]:2380 does not know https:\/\/10\.77\.0\.12:2380 as a member/,
        remedy: /a running cluster grows by adding a member/,
        unit: GUARD_WAITS,
      });
      assert.equal(await hasData(b), false);
    });
  });
});

test('strict patience and a closed window: nobody founds; reopened, everybody does', { timeout: 400_000 }, async t => {
  const built = await buildCluster({ spec: { bootstrapPatience: 'never' }, daysAgo: 31 });
  await withGuards('window', built, async plane => {
    await t.test('after the window three blank members wait and say how to go on', async () => {
      const marks = await Promise.all(plane.members.map(async of => ({ of, mark: await consoleMark(of.host) })));
      await powerOn(plane);
      for (const { of, mark } of marks) {
        await untilVerdict(of.host, mark, {
          stage: 'etcd',
          result: 'waiting',
          reason: /the time to found this cluster ended .*kubekiln secrets reopen-bootstrap/,
          unit: GUARD_WAITS,
        });
      }
      await sleep(5000);
      for (const of of plane.members) assert.equal(await hasData(of), false, of.name);
    });

    await t.test('reopened: with `never`, two of three wait for the third', async () => {
      assert.match(await built.kubekiln('secrets', 'reopen-bootstrap'), /may be founded anew until/);
      await built.kubekiln('build');
      await Promise.all(plane.members.map(({ host }) => host.cut()));
      // One by each entrance: a new disk with a new seed, and --apply on the node as it is.
      const [a, b] = [member(plane, 0), member(plane, 1)];
      await b.host.renewDisk([await seedTree(join(built.out, 'nodes', b.name), 'user-data')]);
      const marks = await Promise.all([a, b].map(async of => ({ of, mark: await consoleMark(of.host) })));
      // The third says that it is blank, but of the cluster that was to be founded before: that does not count.
      for (const { host } of plane.members) await host.start();
      await apply(plane, 0, built);
      for (const { of, mark } of marks) {
        await untilVerdict(of.host, mark, {
          stage: 'etcd',
          result: 'waiting',
          reason: /no data here yet; no answer from .*10\.77\.0\.13:2380 \(blank: https:\/\/10\.77\.0\.1[12]:2380\)/,
          unit: GUARD_WAITS,
        });
      }
      await sleep(8000);
      for (const { of } of marks) assert.equal(await hasData(of), false, of.name);
    });
    await t.test('the third comes: founded anew, under the new token', async () => {
      const c = member(plane, 2);
      await c.host.renewDisk([await seedTree(join(built.out, 'nodes', c.name), 'user-data')]);
      const marks = await Promise.all(plane.members.map(async of => ({ of, mark: await consoleMark(of.host) })));
      await c.host.start();
      await untilEtcd(plane);
      for (const { of, mark } of marks) {
        await untilVerdict(of.host, mark, {
          stage: 'etcd',
          result: 'done',
          reason: /^$/,
          console:
            /etcd: starting: (no founding member has data: founding the cluster|the cluster exists, and this founding member never ran)/,
          unit: ['etcd.service', /^active\/running$/],
        });
      }
      const tokens = await Promise.all(
        plane.members.map(async of => of.host.sh('. /etc/kubekiln/node.env; echo $KUBEKILN_ETCD_TOKEN $KUBEKILN_GENERATION')),
      );
      assert.equal(new Set(tokens).size, 1);
      assert.match(tokens[0] ?? '', / 2$/m);
    });
  });
});

test('blank once is blank for good: a peer that goes before the last one comes does not stop the others', {
  timeout: 240_000,
}, async () => {
  const built = await buildCluster({ spec: { bootstrapPatience: 'never' } });
  await withGuards('sticky', built, async plane => {
    const [a, b] = [member(plane, 0), member(plane, 1)];
    const mark = await consoleMark(a.host);
    await powerOn(plane, [
      { index: 0, after: 0 },
      { index: 1, after: 0 },
    ]);
    const reason = /no answer from https:\/\/10\.77\.0\.13:2380 \(blank: https:\/\/10\.77\.0\.12:2380\)/;
    await untilVerdict(a.host, mark, { stage: 'etcd', result: 'waiting', reason, unit: GUARD_WAITS });
    await b.host.cut();
    await powerOn(plane, [{ index: 2, after: 0 }]);
    await untilVerdict(a.host, mark, {
      stage: 'etcd',
      result: 'done',
      reason: /^$/,
      console: /etcd: starting: no founding member has data/,
    });
    await b.host.start();
    await untilEtcd(plane);
    const ids = await Promise.all(plane.members.map(async of => (await etcdMembers(plane, of)).clusterId));
    assert.equal(new Set(ids).size, 1);
  });
});

/** What an operator does with a new node.tar.gz on a machine that runs. @throws when it fails or does not come back */
async function apply(plane: ControlPlane, index: number, built: BuiltCluster): Promise<void> {
  const { host, name } = member(plane, index);
  await host.sh('mkdir -p /root/node');
  const archive = join(built.out, 'nodes', name, 'node.tar.gz');
  await run('tar', ['--extract', '--gzip', '--file', archive, '--directory', join(host.root, 'root/node')]);
  await host.sh('cd /root/node && ./install --apply', { timeout: 40_000 });
}
