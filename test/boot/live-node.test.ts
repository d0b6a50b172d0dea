// A node that runs, and something that must not change it: a seed that is old or another node's, a byte that changed, a copy of its disk.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BuiltCluster, buildCluster } from './built-cluster.ts';
import { ensureRootFileSystem } from './cache.ts';
import { run } from './command.ts';
import { type ControlPlane, member, powerOn } from './control-plane.ts';
import { etcdOnly } from './daemons.ts';
import { etcdctl, etcdMembers } from './etcd.ts';
import { untilEtcd } from './etcd-guard-host.ts';
import { SPEC, STATE, untilInstalled } from './guarded-host.ts';
import { createHost, type Host } from './host.ts';
import { installTarball as install } from './install-tarball.ts';
import { installedFiles, installStatus } from './installed-files.ts';
import { createHosts, type HostSettings } from './kubekiln-hosts.ts';
import { networkConfigOf } from './nodes.ts';
import { sleep } from './patience.ts';
import { SEED } from './seed.ts';
import { consoleMark, consoleSince, unitState, untilVerdict } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

const onHosts = (label: string, built: BuiltCluster, settings: HostSettings, use: (plane: ControlPlane) => Promise<void>) =>
  withControlPlane(`live-${label}`, () => createHosts(built, 'user-data', settings), use);

test('a live node is given a stale seed, and the seed of another node', { timeout: 240_000 }, async t => {
  const built = await buildCluster({ spec: { ...SPEC, bootstrapPatience: '3s' } });
  const node = (name: string, file: string) => join(built.out, 'nodes', name, file);
  const stale = await readFile(node('cp-1', 'user-data'));
  const staleArchive = join(built.directory, 'generation-1.tar.gz');
  await copyFile(node('cp-1', 'node.tar.gz'), staleArchive);
  await built.kubekiln('secrets', 'reopen-bootstrap');
  await built.kubekiln('build');
  await onHosts('stale-seed', built, { programs: await etcdOnly() }, async plane => {
    const [live, peer] = [member(plane, 0), member(plane, 1)];
    const { host } = live;
    await powerOn(plane, [
      { index: 0, after: 0 },
      { index: 1, after: 0 },
    ]);
    await untilEtcd(plane, [live, peer]);
    await etcdctl(plane, live, 'put', 'before', 'the seeds');
    const runs = { stage: 'start', result: 'done', reason: /^$/, unit: ['etcd.service', /^active\/running$/] } as const;
    const before = await installed(host);
    const goesOn = async () => {
      await untilEtcd(plane, [live]);
      assert.equal(await etcdctl(plane, live, 'get', 'before', '--print-value-only'), 'the seeds\n');
      assert.deepEqual(await installed(host), before);
    };

    const boots = async (seed: { userData: Uint8Array; metaData: string }, ignored: RegExp) => {
      await host.stop();
      await writeFile(join(host.root, SEED, 'user-data'), seed.userData);
      await writeFile(join(host.root, SEED, 'meta-data'), seed.metaData);
      const mark = await consoleMark(host);
      await host.start();
      await untilVerdict(host, mark, { ...runs, console: ignored });
      assert.match(await unitState(host, 'kubekiln-install.service'), /^active\/exited$/);
      await goesOn();
      assert.equal((await host.sh('cat /proc/sys/kernel/hostname')).trim(), 'cp-1');
    };
    await t.test('an older generation under a new instance-id: ignored, and said', async () => {
      await boots(
        { userData: stale, metaData: 'instance-id: stale-1\nlocal-hostname: cp-1\n' },
        /payload\/1 is ignored: a seed does not change an installed node/,
      );
    });
    await t.test('cut between the renames that adopt the newer payload: that one is finished, not the seed', async () => {
      await host.cut();
      const state = join(host.root, STATE);
      await rm(join(state, 'payload'), { recursive: true });
      await mkdir(join(state, 'payload'), { mode: 0o700 });
      await rename(join(state, 'current'), join(state, 'payload/2'));
      await writeFile(join(state, 'applying'), `/${STATE}/payload/2\n`);
      const mark = await consoleMark(host);
      await host.start();
      await untilVerdict(host, mark, { ...runs, console: /done: boot\/cp-1 generation 2 is installed/ });
      await goesOn();
      assert.equal(existsSync(join(state, 'applying')), false);
    });
    await t.test('the older generation by hand: ./install --apply refuses it', async () => {
      const mark = await consoleMark(host);
      await host.sh('mkdir -p /root/old');
      await run('tar', ['--extract', '--gzip', '--file', staleArchive, '--directory', join(host.root, 'root/old')]);
      const output = await host.try('cd /root/old && ./install --apply');
      assert.equal(output.code, 1);
      assert.match(output.stdout, /STOPPED at payload: payload generation 1 is older than the installed 2/);
      const { stage, result, remedy } = await installStatus(host);
      assert.deepEqual([stage, result], ['payload', 'failed']);
      assert.match(remedy, /build again and use the newest payload; nothing was changed/);
      assert.equal(await unitState(host, 'etcd.service'), 'active/running');
      await goesOn();
      assert.doesNotMatch(await consoleSince(host, mark), /restart:/);
    });
    await t.test('the seed of another node: ignored, and said', async () => {
      const userData = await readFile(node('cp-2', 'user-data'));
      const metaData = await readFile(node('cp-2', 'meta-data'), 'utf8');
      await boots({ userData, metaData }, /payload\/2 is ignored: a seed does not change an installed node/);
    });
    await t.test('the payload of another node by hand: refused', async () => {
      const output = await install(host, built, '--apply', 'cp-2');
      assert.equal(output.code, 1);
      assert.match(output.stdout, /STOPPED at payload: this machine is boot\/cp-1, the payload is of boot\/cp-2/);
      assert.equal((await installStatus(host)).result, 'failed');
      await goesOn();
    });
    await t.test('the right one by hand, while a member is down: refused', async () => {
      const output = await install(host, built, '--apply');
      assert.equal(output.code, 1);
      assert.match(output.stdout, /STOPPED at health: another etcd member is not healthy: .*10\.77\.0\.13/);
      const { stage, result, remedy } = await installStatus(host);
      assert.deepEqual([stage, result], ['health', 'failed']);
      assert.match(remedy, /bring it back first/);
      await goesOn();
    });
  });
});

test('one byte of an installed payload changed: the next boot stops, and ./install repairs it', { timeout: 240_000 }, async () => {
  const built = await buildCluster({ size: 1, spec: SPEC });
  await onHosts('changed-byte', built, { programs: await etcdOnly() }, async plane => {
    const { host } = member(plane, 0);
    await host.start();
    await untilInstalled(plane, host);
    const before = await installed(host);
    await host.stop();
    const file = join(host.root, STATE, 'current/files/etc/kubernetes/pki/etcd/peer.crt');
    const bytes = await readFile(file);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const mark = await consoleMark(host);
    await host.start();
    await untilVerdict(host, mark, {
      stage: 'payload',
      result: 'failed',
      reason: /payload digest is [0-9a-f]{64}, expected [0-9a-f]{64}/,
      remedy: /run \.\/install from a fresh node\.tar\.gz/,
      unit: ['kubekiln-install.service', /^activating\/auto-restart$/],
    });
    assert.equal(await unitState(host, 'etcd.service'), 'inactive/dead');
    const repaired = await install(host, built);
    assert.equal(repaired.code, 0, repaired.stdout);
    await untilInstalled(plane, host);
    assert.deepEqual(await installed(host), before);
  });
});

test('a clone of a running node, at another address: it takes no part', { timeout: 240_000 }, async () => {
  const built = await buildCluster({ spec: SPEC });
  const programs = await etcdOnly();
  await onHosts('clone', built, { programs }, async plane => {
    const original = member(plane, 1);
    await powerOn(plane);
    await untilEtcd(plane);
    const rootFileSystem = await ensureRootFileSystem();
    const host = await createHost({ name: 'clone', network: plane.network, rootFileSystem, trees: [], programs });
    try {
      for (const part of ['etc', 'var', 'usr/local']) {
        await run('cp', ['--archive', `${original.host.root}/${part}/.`, join(host.root, part)]);
      }
      // Data that is older than the original's, as a clone's soon is.
      await etcdctl(plane, original, 'put', 'after', 'the clone');
      await writeFile(join(host.root, SEED, 'network-config'), JSON.stringify(networkConfigOf('10.77.0.14')));
      await writeFile(join(host.root, SEED, 'meta-data'), 'instance-id: clone-1\nlocal-hostname: clone\n');
      await host.start();
      await untilVerdict(host, 0, {
        stage: 'start',
        result: 'done',
        reason: /^$/,
        console: /identity: warning: none of .*10\.77\.0\.12.* is on an interface.*10\.77\.0\.14/,
        unit: ['etcd.service', /^activating\//],
      });
      await sleep(6000);
      assert.match(await host.journal('--unit=etcd', '--output=cat'), /10\.77\.0\.12:2380: bind: cannot assign requested address/);
      assert.notEqual(await unitState(host, 'etcd.service'), 'active/running');
      await untilEtcd(plane);
      const { members } = await etcdMembers(plane, original);
      assert.equal(members.length, 3);
      for (const of of plane.members) {
        assert.equal(await etcdctl(plane, of, 'get', 'after', '--print-value-only', '--consistency=s'), 'the clone\n', of.name);
      }
    } finally {
      await host.remove();
    }
  });
});

test('./install --apply on a live node restarts what changed, and nothing else', { timeout: 240_000 }, async () => {
  const built = await buildCluster({ size: 1, spec: SPEC });
  await onHosts('apply', built, { programs: await etcdOnly() }, async plane => {
    const { host } = member(plane, 0);
    await host.start();
    await untilInstalled(plane, host);
    const file = join(built.directory, 'cluster.yaml');
    const document = JSON.parse(await readFile(file, 'utf8'));
    document.spec.etcd = { local: { extraArgs: [{ name: 'max-txn-ops', value: '256' }] } };
    await writeFile(file, JSON.stringify(document));
    await built.kubekiln('build');
    const started = (unit: string) => host.sh(`systemctl show --property=InvocationID ${unit}.service`);
    const units = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
    const before = await Promise.all(units.map(started));
    const output = await install(host, built, '--apply');
    assert.equal(output.code, 0, output.stdout);
    assert.deepEqual(
      [...output.stdout.matchAll(/restart: (\S+)/g)].map(match => match[1]),
      ['etcd.service'],
    );
    const after = await Promise.all(units.map(started));
    for (const [index, unit] of units.entries()) assert.equal(after[index] === before[index], unit !== 'etcd', unit);
    assert.equal(await unitState(host, 'etcd.service'), 'active/running');
    assert.match(await host.sh('ps -o args= -C etcd'), /--max-txn-ops=256/);
    const { stage, result } = await installStatus(host);
    assert.deepEqual([stage, result], ['start', 'done']);
  });
});

/** What is installed, without what a seed staged and nobody took. */
async function installed(host: Host): Promise<readonly string[]> {
  return (await installedFiles(host)).filter(line => !line.startsWith('var/lib/kubekiln/payload'));
}
