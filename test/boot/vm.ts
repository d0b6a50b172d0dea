import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Output, type RunOptions, run } from './command.ts';
import type { Machine } from './machine.ts';
import type { Network } from './network.ts';
import { eventually } from './patience.ts';
import { runDirectory, whenRunEnds } from './run-directory.ts';
import { createVmDisks } from './vm-disk.ts';
import { ensureVmImage, type VmImage } from './vm-image.ts';
import { openVmShell, type VmShell } from './vm-shell.ts';

export interface VmOptions {
  readonly name: string;
  readonly network: Network;
  /** Attached as a disk, read-only. */
  readonly seedIso: string;
  /** What its disk is a copy of; default: a Debian with all programs. */
  readonly image?: VmImage;
  /** Trees copied over the root before the first boot: settings of the test, never of the product. */
  readonly trees?: readonly string[];
  /** Puts /var on a disk of its own. */
  readonly ownVar?: boolean;
}

/** A machine with a kernel, a clock and disks of its own: what systemd-nspawn cannot give. Emulated, and so ten times as slow. */
export interface Vm extends Machine {
  /** Its root file system, seen from this machine while it is off; after a cut, what had reached the disk. */
  readonly root: string;
  /** @param clock what its hardware clock says when it is switched on; default: the truth */
  start(clock?: Date): Promise<void>;
}

/** Lays out a machine's disks; `start` boots it. It goes when the run ends, or earlier with `remove`. */
export async function createVm(options: VmOptions): Promise<Vm> {
  const { name, network } = options;
  const image = options.image ?? (await ensureVmImage());
  const directory = join(runDirectory(), basename(network.namespace), name);
  await mkdir(directory, { recursive: true });
  const [consoleLog, shellSocket, tap] = [join(directory, 'console.log'), join(directory, 'shell.sock'), `tap-${name}`];
  const disks = await createVmDisks(directory, { image: image.disk, trees: options.trees ?? [], ownVar: options.ownVar ?? false });
  await disks.open();
  await run('ip', ['-n', network.namespace, 'tuntap', 'add', 'dev', tap, 'mode', 'tap']);
  await run('ip', ['-n', network.namespace, 'link', 'set', tap, 'master', network.bridge, 'up']);

  let process_: ChildProcess | undefined;
  let shell: VmShell | undefined;
  const running = () => process_ !== undefined && process_.exitCode === null && process_.signalCode === null;
  whenRunEnds(kill);

  function kill(): void {
    if (running()) process_?.kill('SIGKILL');
  }

  async function gone(timeout: number): Promise<void> {
    if (process_ === undefined) return;
    await eventually(`${name} is off`, async () => !running(), { timeout, every: 20 });
    shell?.close();
    process_ = shell = undefined;
    await disks.open();
  }

  async function enter(script: string, { timeout }: RunOptions = {}): Promise<Output> {
    if (!running()) throw new Error(`${name} is off`);
    shell ??= await openVmShell(shellSocket);
    return shell.run(script, timeout);
  }

  async function sh(script: string, runOptions?: RunOptions): Promise<string> {
    const output = await enter(script, runOptions);
    if (output.code !== 0) throw new Error(`${name}: ${script}\nexited with ${output.code}\n${output.stdout.trim()}`);
    return output.stdout;
  }

  return {
    name,
    consoleLog,
    running,
    root: disks.root,
    start: async clock => {
      if (running()) throw new Error(`${name} is running`);
      await disks.close();
      const drives = disks.files.map(file => `file=${file},if=virtio,format=raw,cache=writeback`);
      const args = [
        ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '2048', '-nodefaults', '-display', 'none', '-no-reboot'],
        ...['-kernel', image.kernel, '-initrd', image.initrd, '-append', 'console=ttyS0 root=/dev/vda rw net.ifnames=0'],
        ...[...drives, `file=${options.seedIso},if=virtio,format=raw,readonly=on`].flatMap(drive => ['-drive', drive]),
        ...['-netdev', `tap,id=net,ifname=${tap},script=no,downscript=no`, '-device', `virtio-net-pci,netdev=net,mac=${macOf(name)}`],
        ...['-chardev', `file,id=console,path=${consoleLog},append=on`, '-serial', 'chardev:console'],
        ...['-serial', `unix:${shellSocket},server=on,wait=off`],
        ...['-rtc', `base=${(clock ?? new Date()).toISOString().slice(0, 19)}`],
      ];
      const log = openSync(join(directory, 'qemu.log'), 'a');
      const enterNetwork = ['--pdeathsig', 'KILL', 'nsenter', `--net=/run/netns/${network.namespace}`, 'qemu-system-x86_64'];
      // Detached: Ctrl-C belongs to the test, which then ends its machines itself.
      process_ = spawn('setpriv', [...enterNetwork, ...args], { stdio: ['ignore', log, log], detached: true });
      closeSync(log);
      await new Promise((resolve, reject) => process_?.once('spawn', resolve).once('error', reject));
    },
    stop: async () => {
      await sh('systemctl --no-block poweroff');
      await gone(120_000);
    },
    cut: async () => {
      kill();
      await gone(30_000);
    },
    sh,
    try: enter,
    read: path => (running() ? sh(`cat /${path}`) : readFile(join(disks.root, path), 'utf8')),
    journal: (...args) =>
      running()
        ? sh(`journalctl --quiet --no-pager ${args.join(' ')}`)
        : run('journalctl', ['--directory', join(disks.root, 'var/log/journal'), '--quiet', '--no-pager', ...args]),
    remove: async () => {
      kill();
      await gone(30_000);
      await disks.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** An address of its own for each machine of a network, in QEMU's range: with the same one they would hear each other's packets as their own. */
function macOf(name: string): string {
  const [a = 0, b = 0, c = 0] = createHash('sha256').update(name).digest();
  return `52:54:00:${[a, b, c].map(octet => octet.toString(16).padStart(2, '0')).join(':')}`;
}
