// A machine with a kernel and disks of its own boots from its seed ISO; then the same with its cord pulled again and again. Unlike in systemd-nspawn,
// a cut takes what only the page cache held. KUBEKILN_SEED repeats a run's draws.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Places, placesOf, progressOf, type Stage } from './boot-stages.ts';
import type { BuiltCluster } from './built-cluster.ts';
import { run } from './command.ts';
import { consoleVerdict } from './console-verdict.ts';
import { idleTree } from './daemons.ts';
import { installedFiles, installStatus } from './installed-files.ts';
import { eventually, seconds } from './patience.ts';
import { below, randomFrom } from './random-moments.ts';
import { consoleMark, consoleSince } from './verdict.ts';
import type { Vm } from './vm.ts';
import { buildVmCluster, cloudInitResult, untilDone, untilEtcdServes, untilVmReady, VM_PATIENCE, withVm } from './with-vm.ts';

const SEED = Number(process.env.KUBEKILN_SEED ?? Date.now() % 1_000_000);
const STATE = '/var/lib/kubekiln';
const UNITS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubekiln-bootstrap'] as const;

test('first boot from a seed ISO', { timeout: 7_200_000 }, async t => {
  const built = await buildVmCluster();
  let uncut: readonly string[] = [];
  await t.test('as a disk, /var on another one: ready, with cgroup v2 and systemd as they are', async subtest => {
    await withVm('vm-first-boot', built, { ownVar: true }, async vmCase => {
      const { vm } = vmCase;
      const since = performance.now();
      await vm.start();
      await untilDone(vm, 0);
      subtest.diagnostic(`installed ${seconds(performance.now() - since)} after power-on`);
      await untilVmReady(vmCase);
      subtest.diagnostic(`ready ${seconds(performance.now() - since)} after power-on`);
      await assertRunsAsItIs(vm);
      const { node, result, generation } = await installStatus(vm);
      assert.deepEqual([node, result, generation], ['cp-1', 'done', 1]);
      const settled = async () => (await consoleVerdict(built, vm)).code === 0;
      await eventually('the console waits for nothing any more: the node is Ready', settled, { timeout: VM_PATIENCE, every: 3000 });
      subtest.diagnostic(`Ready as a node ${seconds(performance.now() - since)} after power-on`);
      await vm.stop();
      uncut = await installedFiles(vm);
      assert.ok(uncut.length > 60, uncut.join('\n'));
    });
  });
  await t.test('with its cord pulled in each stage: nothing half-written, the same files as uncut, and etcd serves', async subtest => {
    await withVm('vm-power-cuts', built, { trees: [await idleTree()] }, async ({ vm }) => {
      await pullCords(subtest, vm, built, uncut);
      const mark = await consoleMark(vm);
      await vm.start();
      await untilDone(vm, mark);
      await untilEtcdServes(vm);
      assert.doesNotMatch(await consoleSince(vm, mark), /STOPPED/);
      await vm.stop();
      assert.deepEqual(await installedFiles(vm), uncut);
      assert.equal(existsSync(join(vm.root, STATE, 'applying')), false);
    });
  });
});

async function assertRunsAsItIs(vm: Vm): Promise<void> {
  await eventually(
    'all units are active',
    async () => (await vm.try(`systemctl is-active ${UNITS.join(' ')} kubekiln.target`)).code === 0,
    {
      timeout: VM_PATIENCE,
      every: 2000,
    },
  );
  const booted = async () => /^(running|degraded)$/m.test((await vm.try('systemctl is-system-running')).stdout);
  await eventually('it has finished booting', booted, { timeout: VM_PATIENCE, every: 2000 });
  assert.equal((await vm.sh('systemctl list-units --failed --plain --no-legend')).trim(), '');
  assert.equal((await vm.sh('stat --file-system --format=%T /sys/fs/cgroup')).trim(), 'cgroup2fs');
  for (const daemon of UNITS.slice(0, 4)) {
    const [pid, dropIns] = (await vm.sh(`systemctl show --value --property=MainPID --property=DropInPaths ${daemon}`)).trim().split('\n');
    assert.equal(dropIns ?? '', '', daemon);
    assert.equal((await vm.sh(`cat /proc/${pid}/cgroup`)).trim(), `0::/system.slice/${daemon}.service`);
  }
  assert.deepEqual(await cloudInitResult(vm), { datasource: 'DataSourceNoCloud [seed=/dev/vdc][dsmode=net]', errors: [] });
  assert.equal((await vm.sh('findmnt --noheadings --output=SOURCE --target=/var/lib/kubekiln/current')).trim(), '/dev/vdb');
}

interface Cut {
  readonly stage: Stage;
  /** A shell condition that is true from that moment on. */
  readonly when: string;
  /** seconds after it */
  readonly later: number;
}

function drawCuts(random: () => number, { staged, final }: Places): readonly Cut[] {
  const one = (paths: readonly string[]) => `/${paths[below(random, paths.length)]}`;
  const complete = `/${staged.at(-1)}`;
  const applying = `-e ${STATE}/applying`;
  return [
    { stage: 'inside write_files', when: `[ -e ${one(staged.slice(0, -1))} ]`, later: 0 },
    { stage: 'installer: checks', when: `[ -e ${complete} ]`, later: random() },
    { stage: 'installer: new files beside the old', when: `[ -e ${one(final)}.kubekiln-new ]`, later: 0 },
    { stage: 'installer: inside the moves', when: `[ ${applying} ] && [ -e ${one(final)} ]`, later: 0 },
    { stage: 'installer: system, adoption', when: `[ ${applying} ] && [ ! -e /${final.at(-1)}.kubekiln-new ]`, later: random() },
    // The file system's own commit comes after 5 s, the data of a file that nobody synced after 30.
    { stage: 'cloud-init, after the installer', when: `[ -e ${STATE}/current ]`, later: 6 + 6 * random() },
  ];
}

/** One disk that is cut in each stage; after each cut no file at its final place may differ from the one of an uncut run. */
async function pullCords(t: TestContext, vm: Vm, built: BuiltCluster, uncut: readonly string[]): Promise<void> {
  t.diagnostic(`KUBEKILN_SEED=${SEED}`);
  const places = await placesOfNode(built);
  const isFinal = (line: string) => places.final.includes(line.split(' ')[0] ?? '');
  let fell = 0;
  for (const { stage, when, later } of drawCuts(randomFrom(SEED), places)) {
    const since = Date.now();
    const mark = await consoleMark(vm);
    await vm.start();
    const watch = `until [ -e ${STATE} ]; do sleep 0.5; done; until { ${when}; } || [ -e ${STATE}/current ]; do :; done; sleep ${later.toFixed(2)}`;
    await vm.sh(watch, { timeout: VM_PATIENCE });
    await vm.cut();
    fell++;
    const present = (await installedFiles(vm)).filter(isFinal);
    assert.deepEqual(
      present.filter(line => !uncut.includes(line)),
      [],
      `a file at its place is not whole after the cut at ${stage}`,
    );
    const said = /^.*kubekiln: (.*)$/m.exec((await consoleSince(vm, mark)).split(/\r?\n/).reverse().join('\n'))?.[1] ?? 'nothing';
    const kept = places.staged.filter(path => existsSync(join(vm.root, path))).length;
    t.diagnostic(
      `cut at "${stage}" (last line: ${said.slice(0, 60)}): the disk kept ${kept} of ${places.staged.length} staged and ${present.length} of ${places.final.length} installed files: "${progressOf(vm, places, since).stage}"`,
    );
  }
  assert.ok(fell >= 5);
}

async function placesOfNode(built: BuiltCluster): Promise<Places> {
  const archive = join(built.out, 'nodes', built.nodes[0]?.name ?? '', 'node.tar.gz');
  return placesOf(await run('tar', ['--extract', '--gzip', '--to-stdout', '--file', archive, '--wildcards', '*plan']), 1);
}
