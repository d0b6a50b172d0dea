// The installer's stops, each provoked on a host: named in status.json and on the console, nothing installed, and gone when their cause is.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BuiltCluster, buildCluster } from './built-cluster.ts';
import { canariesOf } from './cis/key-material.ts';
import { type ControlPlane, describe, member } from './control-plane.ts';
import { etcdOnly } from './daemons.ts';
import { assertNotInstalled, FIRST_BOOT, RETRIES, SPEC, STATE, tryAgainNow, untilInstalled } from './guarded-host.ts';
import { bringTarball } from './install-tarball.ts';
import { createHosts, type HostSettings } from './kubekiln-hosts.ts';
import { networkConfigOf } from './nodes.ts';
import { eventually } from './patience.ts';
import { SEED } from './seed.ts';
import { smallDisk } from './small-disk.ts';
import { keysIn, SUPPORT, supportArchive } from './support-archive.ts';
import { consoleMark, consoleSince, unitState, untilVerdict } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

/** The clock is this machine's, and stays: it is the payload that was made too late or too early. No host may set it, so the last resort fails here. */
const CLOCKS = [
  {
    clock: 'behind, and a time server does not answer',
    daysAgo: -31,
    spec: { node: { timeServers: ['192.0.2.1'] } },
    reason: /the clock says 20\S+, before this payload was made, and no time server \(192\.0\.2\.1\) corrected it/,
    remedy: /repair time synchronisation or set the clock/,
  },
  {
    clock: 'behind, without time servers',
    daysAgo: -31,
    spec: {},
    reason: /the clock says 20\S+, before this payload was made, and (cannot be set|no time server \(none\) corrected it)/,
    remedy: /set the clock; it is tried again by itself/,
  },
  {
    clock: 'past the first notAfter',
    daysAgo: 400,
    spec: {},
    reason: /the clock says 20\S+, after the first certificate of this payload ended/,
    remedy: /take the leaves of this node out of secrets\.yaml and build again/,
  },
] as const;

const onHosts = (label: string, built: BuiltCluster, settings: HostSettings, use: (plane: ControlPlane) => Promise<void>) =>
  withControlPlane(`guards-${label}`, () => createHosts(built, 'user-data', settings), use);

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
      await bringTarball(host, built);
      const archive = await supportArchive(host);
      assert.match(archive.texts.status, /"stage":"identity","result":"failed"/);
      assert.match(archive.texts['kubekiln.log'], /STOPPED at identity: none of this node's addresses/);
      assert.match(archive.texts.certificates, /subject=CN ?= ?kube-apiserver/);
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

test('programs that the image lacks, then a user that has another id', { timeout: 180_000 }, async () => {
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
      reason: /^(?!.*kube-apiserver).*missing: .*kube-controller-manager \(v1\.\d+\.\d+\), .*kube-scheduler \(/,
      console: /missing: .*kube-controller-manager .*kube-scheduler/,
      remedy: /kubekiln explain binaries/,
      unit: RETRIES,
    });
    assertNotInstalled(host);
    await host.sh('useradd --system --uid 105 etcd');
    for (const name of missing) {
      const path = join(host.root, 'usr/local/bin', name);
      await writeFile(path, '#!/bin/sh\nexec sleep infinity\n');
      await chmod(path, 0o755);
    }
    await untilVerdict(host, 0, {
      stage: 'files',
      result: 'failed',
      reason: /user etcd has uid 105, the payload wants 60600/,
      remedy: /remove that user, or set users in cluster\.yaml/,
      unit: RETRIES,
    });
    assert.equal(existsSync(join(host.root, STATE, 'current')), false);
    await host.sh('userdel etcd');
    await tryAgainNow(host);
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
      assert.equal(existsSync(join(disk.directory, 'status.json')), false, 'a status on a disk that cannot hold one');
      await bringTarball(host, built);
      const refused = await host.try(SUPPORT);
      assert.equal(refused.code, 1, refused.stdout);
      assert.match(
        refused.stderr,
        /kubekiln: support: cannot write \/var\/lib\/kubekiln\/support-.*100%.*Name another place: \.\/support \/run/,
      );
      const archive = await supportArchive(host, `${SUPPORT} /run/for-the-helper.tar.gz`);
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

for (const { clock, daysAgo, spec, reason, remedy } of CLOCKS) {
  test(`the clock is ${clock}`, { timeout: 120_000 }, async () => {
    const built = await buildCluster({ size: 1, spec: { ...SPEC, ...spec }, daysAgo });
    await onHosts('clock', built, { programs: await etcdOnly() }, async plane => {
      const { host } = member(plane, 0);
      await host.start();
      if (daysAgo < 0)
        await untilVerdict(host, 0, {
          stage: 'clock',
          result: 'waiting',
          reason: /before this payload was made$/,
          console: /clock: waiting: the clock says/,
        });
      await untilVerdict(host, 0, { stage: 'clock', result: 'failed', reason, remedy, unit: RETRIES });
      assertNotInstalled(host);
    });
  });
}
