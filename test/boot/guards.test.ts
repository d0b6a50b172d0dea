// The installer's stops, each provoked on a host: named in status.json and on the console, nothing installed, and gone when their cause is.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BuiltCluster, buildCluster } from './built-cluster.ts';
import { canariesOf } from './cis/key-material.ts';
import { run } from './command.ts';
import { type ControlPlane, describe, member } from './control-plane.ts';
import { etcdOnly } from './daemons.ts';
import type { Host } from './host.ts';
import { installedFiles } from './installed-files.ts';
import { createHosts, type HostSettings } from './kubekiln-hosts.ts';
import { networkConfigOf } from './nodes.ts';
import { eventually } from './patience.ts';
import { SEED } from './seed.ts';
import { smallDisk } from './small-disk.ts';
import { keysIn, STAGED_SUPPORT, supportArchive } from './support-archive.ts';
import { consoleMark, consoleSince, unitState, untilVerdict } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

const FIRST_BOOT = 'kubekiln-first-boot.service';
const RETRIES = [FIRST_BOOT, /^activating\/auto-restart$/] as const;
const STATE = 'var/lib/kubekiln';
const SPEC = { addressWait: '2s', clockWait: '2s', bootstrapPatience: 'never' };

const onHosts = (label: string, built: BuiltCluster, settings: HostSettings, use: (plane: ControlPlane) => Promise<void>) =>
  withControlPlane(`guards-${label}`, () => createHosts(built, 'user-data', settings), use);

/** Waits until the payload is installed and etcd runs. */
async function untilInstalled(plane: ControlPlane, host: Host): Promise<void> {
  const runs = async () => (await unitState(host, 'etcd.service')) === 'active/running';
  await eventually(`${host.name} is installed`, runs, { explain: () => describe(plane) });
}

/** systemd tries again every 15 seconds; the test of missing programs waits for that, the others do not. */
async function tryAgainNow(host: Host): Promise<void> {
  await host.sh(`systemctl restart --no-block ${FIRST_BOOT}`);
}

function assertNotInstalled({ root }: Host): void {
  for (const path of [
    `${STATE}/current`,
    'etc/kubernetes/pki/ca.crt',
    'usr/local/libexec/kubekiln',
    'etc/systemd/system/kubekiln.target',
  ]) {
    assert.equal(existsSync(join(root, path)), false, path);
  }
}

test('a seed on the wrong machine, then a byte of its payload changed', { timeout: 240_000 }, async t => {
  const built = await buildCluster({ size: 1, spec: SPEC });
  await onHosts('identity', built, { programs: await etcdOnly() }, async plane => {
    const { host } = member(plane, 0);
    await t.test("another machine's address: stops and names the interfaces' addresses", async () => {
      await writeFile(join(host.root, SEED, 'network-config'), JSON.stringify(networkConfigOf('10.77.0.12')));
      await host.start();
      await untilVerdict(host, 0, {
        stage: 'identity',
        result: 'failed',
        reason: /none of this node's addresses \(10\.77\.0\.11\) is on an interface; seen: .*10\.77\.0\.12/,
        remedy: /give this machine the seed of the node that it is/,
        unit: RETRIES,
      });
      assertNotInstalled(host);
    });
    await t.test('a support archive of the stopped node, from what is staged: says why, holds no key', async () => {
      const archive = await supportArchive(host, STAGED_SUPPORT);
      assert.match(archive.texts.status, /"stage":"identity","result":"failed"/);
      assert.match(archive.texts['kubekiln.log'], /STOPPED at identity: none of this node's addresses/);
      assert.match(archive.texts.certificates, /subject=CN = kube-apiserver/);
      assert.match(archive.texts.plan, /sha256sum: \/etc\/kubernetes\/pki\/ca\.crt: No such file/);
      assert.deepEqual(keysIn(archive, await canariesOf(built)), []);
      assertNotInstalled(host);
    });
    await t.test('one byte of one staged file changed: stops, names both digests', async () => {
      const file = join(host.root, STATE, 'payload/1/files/etc/kubernetes/pki/ca.crt');
      const bytes = await readFile(file);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      await writeFile(file, bytes);
      await tryAgainNow(host);
      await untilVerdict(host, 0, {
        stage: 'payload',
        result: 'failed',
        reason: /payload digest is [0-9a-f]{64}, expected [0-9a-f]{64}/,
        remedy: /start the machine again/,
        unit: RETRIES,
      });
      assertNotInstalled(host);
    });
    await t.test('started again: cloud-init has written it anew; with its address it installs itself', async () => {
      await host.stop();
      const mark = await consoleMark(host);
      await host.start();
      await untilVerdict(host, mark, { stage: 'identity', result: 'failed', reason: /none of this node's addresses/ });
      await host.sh('ip address add 10.77.0.11/24 dev host0');
      await tryAgainNow(host);
      await untilInstalled(plane, host);
    });
  });
});

test('programs that the image lacks', { timeout: 120_000 }, async () => {
  const built = await buildCluster({ size: 1, spec: SPEC });
  const programs = new Map(await etcdOnly());
  const missing = ['kube-controller-manager', 'kube-scheduler'];
  for (const name of missing) programs.delete(`/usr/local/bin/${name}`);
  await onHosts('binaries', built, { programs }, async plane => {
    const { host } = member(plane, 0);
    await host.start();
    await untilVerdict(host, 0, {
      stage: 'binaries',
      result: 'failed',
      reason: /^(?!.*kube-apiserver).*missing: .*kube-controller-manager \(.* v1\.\d+\.\d+\), .*kube-scheduler \(/,
      console: /missing: .*kube-controller-manager .*kube-scheduler/,
      remedy: /kubekiln explain binaries/,
      unit: RETRIES,
    });
    assertNotInstalled(host);
    for (const name of missing) {
      const path = join(host.root, 'usr/local/bin', name);
      await writeFile(path, '#!/bin/sh\nexec sleep infinity\n');
      await chmod(path, 0o755);
    }
    await untilInstalled(plane, host);
  });
});

test('a full disk', { timeout: 240_000 }, async t => {
  const built = await buildCluster({ size: 1, spec: SPEC });
  const programs = await etcdOnly();
  await t.test('no room for the payload: said on the console; with room, the next boot heals', async () => {
    const disk = await smallDisk('small-state', '/var/lib/kubekiln', '96k');
    await onHosts('full-staging', built, { programs, nspawnArguments: [disk.argument] }, async plane => {
      const { host } = member(plane, 0);
      await host.start();
      const said = async () => /STOPPED at payload: cloud-init did not write it: .*100%/.test(await consoleSince(host, 0));
      await eventually('the console names the stop', said, { explain: () => describe(plane) });
      assert.match(await unitState(host, FIRST_BOOT), RETRIES[1]);
      assert.equal(existsSync(join(disk.directory, 'current')), false);
      const refused = await host.try(STAGED_SUPPORT);
      assert.equal(refused.code, 1, refused.stdout);
      assert.match(
        refused.stderr,
        /kubekiln-support: cannot write \/var\/lib\/kubekiln\/support-.*100%.*Name another place: kubekiln-support \/run/,
      );
      const archive = await supportArchive(host, `${STAGED_SUPPORT} /run/for-the-helper.tar.gz`);
      assert.match(archive.texts.system, /100% \/var\/lib\/kubekiln/);
      assert.match(archive.texts['cloud-init'], /No space left on device/);
      await host.stop();
      await disk.grow('8m');
      await host.start();
      await untilInstalled(plane, host);
    });
    await disk.remove();
  });
  await t.test('no room for the installed files: named; with room it goes on', async () => {
    const disk = await smallDisk('small-etc', '/etc/kubernetes', '32k');
    await onHosts('full-files', built, { programs, nspawnArguments: [disk.argument] }, async plane => {
      const { host } = member(plane, 0);
      await host.start();
      await untilVerdict(host, 0, {
        stage: 'files',
        result: 'failed',
        reason: /no space is left on \/etc\/kubernetes/,
        unit: RETRIES,
      });
      assert.equal(existsSync(join(host.root, STATE, 'current')), false);
      await disk.grow('8m');
      await tryAgainNow(host);
      await untilInstalled(plane, host);
    });
    await disk.remove();
  });
});

test('a live node is given a stale seed, and the seed of another node', { timeout: 240_000 }, async t => {
  const built = await buildCluster({ spec: SPEC });
  const node = (name: string, file: string) => join(built.out, 'nodes', name, file);
  const stale = await readFile(node('cp-1', 'user-data'));
  const staleArchive = join(built.directory, 'generation-1.tar.gz');
  await copyFile(node('cp-1', 'node.tar.gz'), staleArchive);
  await built.kubekiln('secrets', 'reopen-bootstrap');
  await built.kubekiln('build');
  await onHosts('stale-seed', built, { programs: await etcdOnly() }, async plane => {
    const { host } = member(plane, 0);
    await host.start();
    const waiting = { stage: 'etcd', result: 'waiting', reason: /no data here yet/ } as const;
    await untilVerdict(host, 0, waiting);
    const before = await installed(host);

    const boots = async (seed: { userData: Uint8Array; metaData: string }, ignored: RegExp) => {
      await host.stop();
      await writeFile(join(host.root, SEED, 'user-data'), seed.userData);
      await writeFile(join(host.root, SEED, 'meta-data'), seed.metaData);
      const mark = await consoleMark(host);
      await host.start();
      await eventually('the console says that the seed is ignored', async () => ignored.test(await consoleSince(host, mark)), {
        explain: () => describe(plane),
      });
      await untilVerdict(host, mark, { ...waiting, unit: ['etcd.service', /^activating\/start-pre$/] });
      assert.match(await unitState(host, 'kubekiln-install.service'), /^active\/exited$/);
      assert.deepEqual(await installed(host), before);
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
      await untilVerdict(host, mark, waiting);
      assert.deepEqual(await installed(host), before);
      assert.equal(existsSync(join(state, 'applying')), false);
    });
    await t.test('the older generation by hand: ./install --apply refuses it', async () => {
      const mark = await consoleMark(host);
      await host.sh('mkdir -p /root/old');
      await run('tar', ['--extract', '--gzip', '--file', staleArchive, '--directory', join(host.root, 'root/old')]);
      const output = await host.try('cd /root/old && ./install --apply');
      assert.equal(output.code, 1);
      assert.match(output.stdout, /STOPPED at payload: payload generation 1 is older than the installed 2/);
      assert.deepEqual(await installed(host), before);
      assert.equal(await unitState(host, 'etcd.service'), 'activating/start-pre');
      assert.doesNotMatch(await consoleSince(host, mark), /restart:/);
    });
    await t.test('the seed of another node: ignored, and said', async () => {
      const userData = await readFile(node('cp-2', 'user-data'));
      const metaData = await readFile(node('cp-2', 'meta-data'), 'utf8');
      await boots({ userData, metaData }, /payload\/2 is ignored: a seed does not change an installed node/);
    });
  });
});

/** What is installed, without what a seed staged and nobody took. */
async function installed(host: Host): Promise<readonly string[]> {
  return (await installedFiles(host)).filter(line => !line.startsWith('var/lib/kubekiln/payload'));
}
