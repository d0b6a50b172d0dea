// Care of etcd on booted hosts: snapshots by the timer, what becomes of them on a disk that is full or damages them, and defragmentation.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { ensureEtcd } from './cache.ts';
import { describe, type Member, member, powerOn } from './control-plane.ts';
import { etcdOnly } from './daemons.ts';
import { etcdctl, etcdLeader } from './etcd.ts';
import { untilEtcd } from './etcd-guard-host.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, seconds } from './patience.ts';
import { runDirectory } from './run-directory.ts';
import { unitState } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

const DIRECTORY = '/var/lib/etcd-snapshots';
const SNAPSHOT = 'kubekiln-etcd-snapshot.service';
const DEFRAGMENT = 'kubekiln-etcd-defragment.service';
const NAME = /^boot-cp-1-(\d{6})-r\d+-\d{8}T\d{6}Z\.db$/;
const MIB = 1024 ** 2;

/** Existing on a host, it damages what etcdctl saves: a byte that nothing uses, or all pages, under a hash that is right. */
const DAMAGE = '/etc/damage';
const DAMAGING_ETCDCTL = `#!/bin/sh
/usr/local/bin/real-etcdctl "$@" || exit
[ "$1 $2" = 'snapshot save' ] || exit 0
case $(cat ${DAMAGE} 2>/dev/null) in
  byte) printf x | dd of="$3" bs=1 seek=9000 conv=notrunc status=none ;;
  pages)
    truncate -s -32 "$3"
    dd if=/dev/zero of="$3" bs=4096 seek=2 count=$(($(stat -c %s "$3") / 4096 - 2)) conv=notrunc status=none
    sha256sum "$3" | cut -c1-64 | perl -ne 'chomp; print pack "H*", $_' >>"$3"
    ;;
esac
`;

async function damagingPrograms(): Promise<ReadonlyMap<string, string>> {
  const wrapper = join(runDirectory(), 'damaging-etcdctl');
  await mkdir(runDirectory(), { recursive: true });
  await writeFile(wrapper, DAMAGING_ETCDCTL);
  await chmod(wrapper, 0o755);
  const real = join(await ensureEtcd(), 'etcdctl');
  return new Map([...(await etcdOnly()), ['/usr/local/bin/etcdctl', wrapper], ['/usr/local/bin/real-etcdctl', real]]);
}

async function snapshots({ host }: Member): Promise<readonly string[]> {
  return (await readdir(join(host.root, DIRECTORY))).sort();
}

async function databaseSize({ host }: Member): Promise<number> {
  return (await stat(join(host.root, 'var/lib/etcd/member/snap/db'))).size;
}

test('etcd is saved by a timer and defragmented with care', { timeout: 900_000 }, async t => {
  // Too seldom to get into each other's way; the tests start them by hand where they need them at a moment.
  const spec = {
    etcd: {
      local: {
        snapshots: { schedule: '*:*:00/10', randomizedDelay: '2s', keep: 2 },
        defragmentation: { schedule: 'yearly' },
      },
    },
  };
  const built = await buildCluster({ spec });
  const programs = await damagingPrograms();
  await withControlPlane(
    'etcd-care',
    () => createHosts(built, 'user-data', { programs }),
    async plane => {
      const first = member(plane, 0);
      const { host } = first;
      const since = await powerOn(plane);
      await untilEtcd(plane, plane.members, 180_000);
      await etcdctl(plane, first, 'put', 'saved', 'in time');

      await t.test('the timer takes one that restores', async subtest => {
        const revision = /"revision":\s*(\d+)/.exec(await etcdctl(plane, first, 'get', 'saved', '--write-out=json'))?.[1];
        const [file] = await eventually(
          'a snapshot is there that has the key',
          async () => {
            const names = (await snapshots(first)).filter(name => NAME.test(name) && name.includes(`-r${revision}-`));
            return names.length > 0 && names;
          },
          { timeout: 60_000, explain: () => describe(plane) },
        );
        assert.ok(file);
        subtest.diagnostic(`${file}, ${seconds(performance.now() - since)} after power-on`);
        const shown = await host.sh(`stat -c '%a %U' ${DIRECTORY} ${DIRECTORY}/${file}`);
        assert.equal(shown, '700 root\n600 root\n');
        const read = await host.sh(`
          cp ${DIRECTORY}/${file} /root/saved.db
          etcdutl snapshot restore /root/saved.db --data-dir /root/restored 2>/root/log
          etcd --data-dir /root/restored --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379 \\
            --listen-peer-urls http://127.0.0.1:12380 2>>/root/log &
          etcdctl --endpoints http://127.0.0.1:12379 --dial-timeout 30s --command-timeout 30s get saved --print-value-only
          kill $!`);
        assert.equal(read, 'in time\n');
      });

      await t.test('two stay, the newest by number, whatever the clock said', async () => {
        const untilNext = async () => {
          const number = Number(NAME.exec((await snapshots(first)).at(-1) ?? '')?.[1]);
          return eventually('a newer one is there', async () => {
            const names = await snapshots(first);
            return Number(NAME.exec(names.at(-1) ?? '')?.[1]) > number && names.length === 2 && names;
          });
        };
        const [, newest = ''] = await untilNext();
        const old = newest.replace(/\d{8}T\d{6}Z/, '19700101T000000Z');
        await rename(join(host.root, DIRECTORY, newest), join(host.root, DIRECTORY, old));
        const names = await untilNext();
        assert.ok(names.every(name => NAME.test(name)));
        assert.equal(names[0], old);
      });

      await host.sh('systemctl stop kubekiln-etcd-snapshot.timer');
      const refused = async (reason: RegExp, meanwhile: string, after: string) => {
        const before = await snapshots(first);
        const mark = (await host.sh('date +%s.%N')).trim();
        await host.sh(meanwhile);
        try {
          assert.notEqual((await host.try(`systemctl start ${SNAPSHOT}`)).code, 0);
          assert.equal(await unitState(host, SNAPSHOT), 'failed/failed');
          const said = () => host.journal(`--unit=${SNAPSHOT}`, `--since=@${mark}`, '--output=cat');
          await eventually(`the journal says ${reason}`, async () => reason.test(await said()), { timeout: 10_000, explain: said });
        } finally {
          await host.sh(after);
        }
        assert.deepEqual(await snapshots(first), before);
      };
      await t.test('one that was damaged on its way is thrown away, and the unit has failed', async () => {
        await refused(/FAILED: the snapshot is not what etcd sent: its SHA-256 differs/, `echo byte > ${DAMAGE}`, `rm ${DAMAGE}`);
      });
      await t.test('and so is one whose pages are wrong', async () => {
        await refused(/FAILED: the snapshot is damaged and was thrown away/, `echo pages > ${DAMAGE}`, `rm ${DAMAGE}`);
      });
      await t.test('none without etcdutl, none on a disk without room, none of a silent member', async () => {
        const utl = '/usr/local/bin/etcdutl';
        await refused(/FAILED: \S+\/etcdutl is missing/, `mount --bind /dev/null ${utl}`, `umount ${utl}`);
        await refused(/FAILED: no room: \d+ bytes more/, `mount -t tmpfs -o size=16k none ${DIRECTORY}`, `umount ${DIRECTORY}`);
        await refused(/FAILED: the member does not answer/, 'systemctl stop etcd.service', 'systemctl start etcd.service');
      });
      await t.test('what a cut run left is removed by the next', async () => {
        for (const name of ['.new', '.new.part']) await writeFile(join(host.root, DIRECTORY, name), 'half a snapsh');
        await untilEtcd(plane);
        await host.sh(`systemctl start ${SNAPSHOT}`);
        const names = await snapshots(first);
        assert.ok(names.length === 2 && names.every(name => NAME.test(name)), names.join(' '));
        assert.equal(await unitState(host, SNAPSHOT), 'inactive/dead');
      });

      const leader = await etcdLeader(plane);
      const followers = plane.members.filter(of => of !== leader);
      const [follower, other] = followers;
      assert.ok(follower && other);
      for (const of of plane.members) await of.host.sh('systemctl stop kubekiln-etcd-snapshot.timer');
      await t.test('nothing is defragmented that does not pay, or while a peer is down', async subtest => {
        await follower.host.sh(`systemctl start ${DEFRAGMENT}`);
        await untilSaid(follower, /nothing to gain: \d+ of \d+ bytes are in use/);
        await fragment(follower);
        // etcd counts what is free when it writes the next time: in a cluster somebody always writes, here it takes a nudge.
        const inUse = async (of: Member) =>
          Number(/"dbSizeInUse":\s*(\d+)/.exec(await etcdctl(plane, of, 'endpoint', 'status', '--write-out=json'))?.[1]);
        await eventually('every member counts it free', async () => {
          await etcdctl(plane, follower, 'put', 'nudge', '');
          return (await Promise.all(plane.members.map(inUse))).every(bytes => bytes < 20 * MIB);
        });
        subtest.diagnostic(`${Math.round((await databaseSize(follower)) / MIB)} MiB of database`);
        await other.host.sh('systemctl stop etcd.service');
        await follower.host.sh(`systemctl start ${DEFRAGMENT}`);
        await untilSaid(follower, /nothing done: not every member is healthy/);
        assert.ok((await databaseSize(follower)) > 100 * MIB);
        await other.host.sh('systemctl start etcd.service');
        await untilEtcd(plane);
      });
      await t.test('the leader waits for the others, and all shrink', async subtest => {
        await leader.host.sh(`systemctl start --no-block ${DEFRAGMENT}`);
        await eventually('it waits', async () => (await unitState(leader.host, DEFRAGMENT)) === 'activating/start');
        await Promise.all(followers.map(of => of.host.sh(`systemctl start ${DEFRAGMENT}`)));
        for (const of of followers) assert.ok((await databaseSize(of)) < 20 * MIB, of.name);
        await eventually('the leader has shrunk', async () => (await databaseSize(leader)) < 20 * MIB, { timeout: 90_000 });
        await eventually('it is done', async () => (await unitState(leader.host, DEFRAGMENT)) === 'inactive/dead');
        // The two that ran at once took turns, and the leader came after both.
        for (const of of plane.members) await untilSaid(of, /bytes before, \d+ now/);
        const done = await Promise.all([...followers, leader].map(finishedAt));
        assert.ok(done.every(time => time <= (done.at(-1) ?? 0)));
        subtest.diagnostic(/\d+ bytes before, \d+ now/.exec(await journalOf(leader))?.[0] ?? '');
        assert.equal(await etcdctl(plane, leader, 'get', 'saved', '--print-value-only'), 'in time\n');
      });
    },
  );
});

function journalOf({ host }: Member): Promise<string> {
  return host.journal(`--unit=${DEFRAGMENT}`, '--output=cat');
}

async function untilSaid(of: Member, line: RegExp): Promise<void> {
  await eventually(`${of.name} says ${line}`, async () => line.test(await journalOf(of)), { explain: () => journalOf(of) });
}

/** When its database was made small, in microseconds since 1970. */
async function finishedAt({ host }: Member): Promise<number> {
  const lines = (await host.journal(`--unit=${DEFRAGMENT}`, '--output=json')).trim().split('\n');
  const entries = lines.map(line => JSON.parse(line) as { MESSAGE: string; __REALTIME_TIMESTAMP: string });
  return Number(entries.find(({ MESSAGE }) => /bytes before, \d+ now/.test(MESSAGE))?.__REALTIME_TIMESTAMP);
}

/** Makes a database of more than 100 MiB, of which nearly nothing is in use. */
async function fragment({ host }: Member): Promise<void> {
  await host.sh(
    `. /etc/kubekiln/node.env
    pki=$KUBEKILN_PKI/etcd
    export ETCDCTL_CACERT=$pki/ca.crt ETCDCTL_CERT=$pki/healthcheck-client.crt ETCDCTL_KEY=$pki/healthcheck-client.key
    export ETCDCTL_ENDPOINTS=https://127.0.0.1:2379
    for index in $(seq 130); do head -c 1000000 /dev/urandom | etcdctl --command-timeout=30s put fill/$index; done
    etcdctl del --prefix fill/
    etcdctl compact --physical $(etcdctl endpoint status -w fields | sed -n 's/^"Revision" : //p')`,
    { timeout: 240_000 },
  );
}
