// Packer's real program bakes a Debian from out/<cluster>/image and a bundle, under emulation and without a network; two machines made of that disk become
// two nodes of a cluster, from seeds that carry nothing but their identity.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BakeableCluster, buildBakeableCluster, bundleOf } from './bakeable-cluster.ts';
import { ensureKubernetes } from './cache.ts';
import { capture, type Output, run } from './command.ts';
import { createNetwork } from './network.ts';
import { networkConfigOf, THREE_NODES, workerNodes } from './nodes.ts';
import { operatorWith } from './operator.ts';
import { eventually, seconds } from './patience.ts';
import { runDirectory } from './run-directory.ts';
import { consoleSince } from './verdict.ts';
import { createVm, type Vm } from './vm.ts';
import { ensureBaseImage, type VmImage } from './vm-image.ts';
import { untilDone, VM_PATIENCE } from './with-vm.ts';

const NODES = [
  ...THREE_NODES.slice(0, 1).map(node => ({ ...node, role: 'control-plane' })),
  ...workerNodes(1).map(node => ({ ...node, role: 'worker' })),
].map(({ name, role, address }) => ({ name, role, address, networkConfig: networkConfigOf(address, { name: 'eth0' }) }));

test('an image that Packer bakes, and its clones', { timeout: 7_200_000 }, async t => {
  const built = await buildBakeableCluster({ size: 1, spec: { nodes: NODES, runtime: { source: 'image' }, clockWait: '3s' } });
  const base = await ensureBaseImage();
  const directory = await mkdtemp(join(runDirectory(), 'packer-'));

  await t.test('a bake that stops fails the build, which names the reason and leaves no image', async subtest => {
    const packed = await packerBuild(built, base, directory, 'stopped', { bundle_volume: '', bake_options: '--bundle /srv/nothing' });
    assert.notEqual(packed.code, 0);
    assert.match(packed.stdout, /STOPPED at bundle: no file \*-bundle\.tar in \/srv\/nothing/);
    assert.equal((await capture('ls', [join(directory, 'stopped')])).code, 2);
    subtest.diagnostic(last(packed.stdout));
  });

  const bundleVolume = join(directory, 'bundle.raw');
  await run('mke2fs', ['-q', '-t', 'ext4', '-L', 'KUBEKILN', '-d', await bundleOf(built), bundleVolume, '1500M'], { timeout: 300_000 });
  const disk = join(directory, 'baked/kubekiln-boot-v1-37-1.raw');
  let baked = false;
  await t.test('the bake, without a network, from a bundle on a volume', async subtest => {
    const since = performance.now();
    const packed = await packerBuild(built, base, directory, 'baked', { bundle_volume: bundleVolume });
    for (const line of packed.stdout.split('\n').filter(text => / kubekiln: (bake|check): /.test(text))) subtest.diagnostic(line.trim());
    assert.equal(packed.code, 0, packed.stdout.slice(-6000) + packed.stderr);
    subtest.diagnostic(`baked in ${seconds(performance.now() - since)}`);
    baked = true;
  });
  if (!baked) return;

  await t.test('no byte of a secret, of an identity or of the machine that was baked is anywhere on its disk', async () => {
    const secrets = await readFile(join(built.directory, 'secrets.yaml'), 'utf8');
    const words = [...secrets.matchAll(/[A-Za-z0-9+/=]{40,}/g)].map(([word]) => word);
    assert.ok(words.length > 20);
    // what is there is found
    assert.deepEqual(await foundOn(disk, ['kubekiln-check-image', 'no such words on any disk']), ['kubekiln-check-image']);
    assert.deepEqual(await foundOn(disk, [...words, ...NODES.map(({ address }) => address)]), []);
  });

  await t.test('mounted, it passes its check', async () => {
    const root = join(directory, 'mounted');
    await mkdir(root);
    await run('mount', ['-o', 'loop,noatime', disk, root]);
    try {
      const { code, stdout } = await capture('sh', [join(built.out, 'image/check'), '--root', root], { timeout: 300_000 });
      assert.equal(code, 0, stdout);
    } finally {
      await run('umount', [root]);
    }
  });

  await t.test('two clones become two nodes', subtest => twoNodes(subtest, built, { ...base, disk }));
});

/** Packer in a network of its own, in which nothing answers. */
function packerBuild(
  { out }: BakeableCluster,
  { disk, kernel, initrd }: VmImage,
  directory: string,
  output: string,
  variables: Readonly<Record<string, string>>,
): Promise<Output> {
  return (async () => {
    const sum = (await run('sha256sum', [disk], { timeout: 300_000 })).slice(0, 64);
    const append = 'console=ttyS0 root=/dev/vda rw net.ifnames=0';
    const file = join(directory, `${output}.json`);
    const values = {
      ...{
        base_image: disk,
        base_checksum: `sha256:${sum}`,
        output_directory: join(directory, output),
        disk_format: 'raw',
        disk_size: '4G',
      },
      ...{
        accelerator: 'tcg',
        qemu_arguments: [
          ['-kernel', kernel],
          ['-initrd', initrd],
          ['-append', append],
        ],
      },
      ...variables,
    };
    await writeFile(file, JSON.stringify(values));
    const env = { ...process.env, PACKER_CACHE_DIR: join(directory, 'cache'), CHECKPOINT_DISABLE: '1', HOME: directory };
    const packer = `ip link set lo up; exec packer build -color=false -var-file=${file} ${join(out, 'image')}`;
    return capture('unshare', ['--net', 'sh', '-c', packer], { env, cwd: directory, timeout: 3_600_000 });
  })();
}

function last(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** Which of the needles stand on a disk, sector by sector, deleted files included. Zeros become lines: grep holds one in memory. */
async function foundOn(disk: string, needles: readonly string[]): Promise<readonly string[]> {
  const search = 'tr "\\0" "\\n" <"$0" | { grep -aoFf /dev/fd/3 || [ $? = 1 ]; } | sort -u';
  const found = await run('sh', ['-c', `exec 3<"$1"; ${search}`, disk, await listOf(needles)], { timeout: 600_000 });
  return found.split('\n').filter(Boolean);
}

async function listOf(needles: readonly string[]): Promise<string> {
  const file = join(await mkdtemp(join(runDirectory(), 'needles-')), 'needles');
  await writeFile(file, `${needles.join('\n')}\n`, { mode: 0o600 });
  return file;
}

async function twoNodes(t: TestContext, built: BakeableCluster, image: VmImage): Promise<void> {
  const network = await createNetwork();
  const operator = await operatorWith(join(built.out, 'admin.conf'), join(await ensureKubernetes(), 'kubectl'), network);
  const machines: Vm[] = [];
  try {
    for (const { name, role } of NODES) {
      const seedIso = join(built.out, 'nodes', name, 'seed.iso');
      machines.push(await createVm({ name, network, seedIso, image, ownVar: role === 'control-plane' }));
    }
    const since = performance.now();
    for (const vm of machines) {
      // As an air-gapped machine with an empty battery: there is no time server.
      await vm.start(new Date(60_000));
      await untilDone(vm);
      assert.match(await consoleSince(vm, 0), /kubekiln: clock: .*there are no time servers: set to/);
      t.diagnostic(`${vm.name} is installed ${seconds(performance.now() - since)} after the first power-on`);
    }
    const ready = async () => {
      const told = await operator.tryKubectl([
        'get',
        'nodes',
        '-o',
        'jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status} {end}',
      ]);
      return told.stdout.includes('cp-1=True') && told.stdout.includes('w-1=True');
    };
    const explain = async () => (await operator.tryKubectl(['get', 'nodes,pods', '-A', '-o', 'wide'])).stdout;
    await eventually('both nodes are Ready', ready, { timeout: VM_PATIENCE, every: 3000, explain });
    t.diagnostic(`both nodes are Ready ${seconds(performance.now() - since)} after the first power-on`);
    const phases = async () => (await operator.tryKubectl(['get', 'pods', '-A', '-o', 'jsonpath={.items[*].status.phase}'])).stdout;
    await eventually('pods run', async () => /^Running( Running)*$/.test(await phases()), { timeout: VM_PATIENCE, every: 3000, explain });
    await areDifferent(machines);
    for (const vm of machines) {
      const { code, stdout } = await vm.try('kubekiln-check-image --booted', { timeout: VM_PATIENCE });
      assert.equal(code, 0, `${vm.name}: ${stdout}`);
      t.diagnostic(`${vm.name}: ${last(stdout)}`);
      assert.equal((await vm.sh('stat --file-system --format=%T /sys/fs/cgroup')).trim(), 'cgroup2fs');
    }
  } finally {
    for (const vm of machines) await vm.remove();
    await network.remove();
  }
}

async function areDifferent(machines: readonly Vm[]): Promise<void> {
  const of = (command: string) => Promise.all(machines.map(vm => vm.sh(command)));
  for (const command of [
    'cat /etc/machine-id',
    'cat /etc/ssh/ssh_host_ed25519_key.pub',
    'hostname',
    'cat /var/lib/containerd/*introspection/uuid',
  ]) {
    const answers = await of(command);
    assert.equal(new Set(answers).size, machines.length, `${command}: ${answers.join()}`);
    for (const answer of answers) assert.notEqual(answer.trim(), '', command);
  }
}
