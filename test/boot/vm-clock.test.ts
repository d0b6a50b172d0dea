// Machines whose hardware clock is wrong: they have a clock of their own, which hosts in systemd-nspawn have not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { consoleVerdict } from './console-verdict.ts';
import { idleTree } from './daemons.ts';
import type { Machine } from './machine.ts';
import { SUBNET } from './network.ts';
import { seconds } from './patience.ts';
import { whenRunEnds } from './run-directory.ts';
import { consoleMark, consoleSince, untilVerdict } from './verdict.ts';
import type { Vm } from './vm.ts';
import { buildVmCluster, cloudInitResult, untilDone, untilEtcdServes, untilVmReady, VM_PATIENCE, withVm } from './with-vm.ts';

const DAY = 86_400_000;
const GATEWAY = `${SUBNET.prefix}.1`;
const FIRST_BOOT = 'kubekiln-first-boot.service';
const RETRIES = [FIRST_BOOT, /^activating\/auto-restart$/] as const;
const STEPPED = /kubekiln: clock: the clock says \S+, before this payload was made, and there are no time servers: set to (\S+)/;
const LIMIT = { timeout: 2_700_000 };

const clockOf = async (vm: Machine) => Number(await vm.sh('date +%s')) * 1000;

/** The earliest sane time: when the youngest certificate of the node begins. */
const notBefore = async (vm: Machine) => Number(/^KUBEKILN_NOT_BEFORE='?(\d+)/m.exec(await vm.read('etc/kubekiln/node.env'))?.[1]) * 1000;

/** Asserts that the clock was set to the payload's own time, and that the console says so. Returns what it said of the clock before. */
async function assertStepped(vm: Vm): Promise<string> {
  await untilDone(vm);
  const said = await consoleSince(vm, 0);
  const earliest = await notBefore(vm);
  assert.equal(Date.parse(STEPPED.exec(said)?.[1] ?? ''), earliest, said);
  const now = await clockOf(vm);
  assert.ok(now >= earliest && now < earliest + 600_000, new Date(now).toISOString());
  assert.equal((await vm.journal(`--unit=${FIRST_BOOT}`)).includes('Failed with result'), false);
  const waits = said.match(/kubekiln: clock: waiting: .*/g) ?? [];
  assert.equal(new Set(waits).size, 1, waits.join('\n'));
  return /the clock says (\S+),/.exec(waits[0] ?? '')?.[1] ?? '';
}

test('30 days behind, no time servers: sets its clock to the payload, says so, and is ready', LIMIT, async t => {
  const built = await buildVmCluster({ clockWait: '3s' });
  const others = ['kube-controller-manager', 'kube-scheduler', 'containerd', 'kubelet', 'kube-proxy', 'flanneld'];
  const trees = [await idleTree(others)];
  await withVm('vm-clock-behind', built, { trees }, async vmCase => {
    const { vm } = vmCase;
    const behind = Date.now() - 30 * DAY;
    await vm.start(new Date(behind));
    const before = Date.parse(await assertStepped(vm));
    assert.ok(before >= behind - 1000 && before < behind + 600_000, new Date(before).toISOString());
    assert.equal((await cloudInitResult(vm)).datasource, 'DataSourceNoCloud [seed=/dev/vdb][dsmode=net]');
    t.diagnostic(`ready ${seconds(await untilVmReady(vmCase))} after it was installed`);
    assert.deepEqual(await consoleVerdict(built, vm), { code: 0, problem: '' });
    const ran = await clockOf(vm);
    await vm.stop();
    await t.test('started again with the hardware clock as far behind: it goes on from where it was', async () => {
      const mark = await consoleMark(vm);
      await vm.start(new Date(behind));
      await untilDone(vm, mark);
      assert.doesNotMatch(await consoleSince(vm, mark), /clock: warning/);
      await untilEtcdServes(vm);
      assert.ok((await clockOf(vm)) >= ran);
    });
  });
});

test('30 days behind, with a time server: stops while it is silent, goes on when it answers', LIMIT, async () => {
  const built = await buildVmCluster({ clockWait: '15s', node: { timeServers: [GATEWAY] } });
  await withVm('vm-clock-time-server', built, { trees: [await idleTree()] }, async ({ vm, network }) => {
    await vm.start(new Date(Date.now() - 30 * DAY));
    await untilVerdict(
      vm,
      0,
      {
        stage: 'clock',
        result: 'failed',
        reason: /the clock says \S+, before this payload was made, and no time server \(10\.77\.0\.1\) corrected it/,
        remedy: /repair time synchronisation or set the clock/,
        unit: RETRIES,
      },
      VM_PATIENCE,
    );
    const stopped = await consoleVerdict(built, vm);
    assert.equal(stopped.code, 1);
    assert.match(stopped.problem, /boot-stopped.*stopped at clock: .*no time server/);
    assert.equal((await vm.try('test -e /var/lib/kubekiln/current')).code, 1);

    const server = spawn('nsenter', [
      ...[`--net=/run/netns/${network.namespace}`, process.execPath],
      ...[join(dirname(fileURLToPath(import.meta.url)), 'time-server.js'), GATEWAY],
    ]);
    whenRunEnds(() => server.kill());
    await untilDone(vm);
    assert.doesNotMatch(await consoleSince(vm, 0), STEPPED);
    assert.ok(Math.abs((await clockOf(vm)) - Date.now()) < 60_000);
    assert.match(await vm.sh('timedatectl show-timesync --property=SystemNTPServers --property=ServerName'), /ServerName=10\.77\.0\.1/);
    await untilEtcdServes(vm);
    assert.deepEqual(await consoleVerdict(built, vm), { code: 0, problem: '' });
    server.kill();
  });
});

test('1970: systemd sets the clock to its own making, kubekiln to the payload', LIMIT, async t => {
  const built = await buildVmCluster({ clockWait: '3s' });
  await withVm('vm-clock-1970', built, { trees: [await idleTree()] }, async ({ vm }) => {
    await vm.start(new Date(60_000));
    const before = await assertStepped(vm);
    assert.match(await consoleSince(vm, 0), /systemd\[1\]: System time before build time, advancing clock/);
    t.diagnostic(`systemd set the clock to ${before}`);
    await untilEtcdServes(vm);
    assert.ok(Date.parse(before) > Date.UTC(2022, 0) && Date.parse(before) < Date.now());
    assert.deepEqual(await consoleVerdict(built, vm), { code: 0, problem: '' });
  });
});

test('past the end of the certificates: stops; with the right clock it goes on', LIMIT, async () => {
  const built = await buildVmCluster({ clockWait: '3s' });
  await withVm('vm-clock-ahead', built, { trees: [await idleTree()] }, async ({ vm }) => {
    await vm.start(new Date(Date.now() + 400 * DAY));
    await untilVerdict(
      vm,
      0,
      {
        stage: 'clock',
        result: 'failed',
        reason: /the clock says \S+, after the first certificate of this payload ended/,
        remedy: /if the clock is right: take the leaves/,
        unit: RETRIES,
      },
      VM_PATIENCE,
    );
    assert.match((await consoleVerdict(built, vm)).problem, /boot-stopped.*stopped at clock: .*after the first certificate/);
    assert.equal((await vm.try('test -e /var/lib/kubekiln/current || test -e /etc/kubernetes')).code, 1);
    await vm.sh(`date --set=@${Math.floor(Date.now() / 1000)}`);
    await untilDone(vm);
    await untilEtcdServes(vm);
    assert.deepEqual(await consoleVerdict(built, vm), { code: 0, problem: '' });
  });
});
