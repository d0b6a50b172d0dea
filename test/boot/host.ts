import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { capture, type Output, type RunOptions, run } from './command.ts';
import { roomForAHost } from './inotify-room.ts';
import type { Machine } from './machine.ts';
import type { Network } from './network.ts';
import { eventually } from './patience.ts';
import { BOOT_SCRIPTS } from './repository.ts';
import { CONTROL_GROUP, removeControlGroup, runDirectory, whenRunEnds } from './run-directory.ts';

export interface HostOptions {
  readonly name: string;
  readonly network: Network;
  /** Unpacked root file system that the host's own one is laid over; it is never written to. */
  readonly rootFileSystem: string;
  /** Directories whose trees are copied over the root before the first boot, in order. */
  readonly trees: readonly string[];
  /** Programs from outside, read-only: path on the host to path on this machine. */
  readonly programs: ReadonlyMap<string, string>;
  /** Paths on the host that stand on a disk of their own, as /var/lib/containerd: nothing can be overlaid on an overlay. */
  readonly disks?: readonly string[];
  /** Further arguments of systemd-nspawn: settings of the test, never of the product. */
  readonly nspawnArguments?: readonly string[];
}

/** A machine whose disk and network can be seen from this one. */
export interface Host extends Machine {
  /** Its root file system, seen from this machine. */
  readonly root: string;
  /** Runs a program of this machine in the host's network: its loopback is the host's. */
  inNetwork(program: string, args: readonly string[]): Promise<Output>;
  /** Cuts it and puts a new disk in, with the trees that it was created with, or with others. */
  renewDisk(trees?: readonly string[]): Promise<void>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Lays out a host's disk; `start` boots it. It goes when the run ends, or earlier with `remove`. */
export async function createHost(options: HostOptions): Promise<Host> {
  const { name, network } = options;
  const directory = join(runDirectory(), basename(network.namespace), name);
  const root = join(directory, 'root');
  const consoleLog = join(directory, 'console.log');
  const disks = (options.disks ?? []).map((inside, index) => ({ inside, outside: join(directory, 'disks', String(index)) }));
  await mkdir(directory, { recursive: true });
  await layDisk(options.trees);

  // The machine name is also a path in /run and, with `vb-` before it, an interface of at most 15 characters.
  const machine = `${name.slice(0, 6)}-${Math.random().toString(36).slice(2, 7)}`;
  const binds = [
    ...[...options.programs].map(([inside, outside]) => `--bind-ro=${outside}:${inside}`),
    ...disks.map(({ inside, outside }) => `--bind=${outside}:${inside}`),
  ];
  let process_: ChildProcess | undefined;
  const running = () => process_ !== undefined && process_.exitCode === null && process_.signalCode === null;
  whenRunEnds(kill);

  function kill(): void {
    if (running() && process_?.pid !== undefined) process.kill(process_.pid, 'SIGKILL');
  }

  async function layDisk(trees: readonly string[]): Promise<void> {
    await layRoot(options.rootFileSystem, directory, root);
    for (const { outside } of disks) await mkdir(outside, { recursive: true });
    for (const tree of trees) await cp(tree, root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  }

  /** Process 1 of the host, by its id on this machine: below what start-host.sh became stands nspawn, and below that the host. */
  function leaderNow(): number | undefined {
    if (process_?.pid === undefined || !running()) return undefined;
    return readChildren(process_.pid).flatMap(readChildren).find(isInit);
  }

  async function gone(timeout: number): Promise<void> {
    await eventually(`${name} is off`, async () => !running(), { timeout, every: 20 });
    const links = await run('ip', ['-n', network.namespace, '-o', 'link', 'show']);
    // After a cut the kernel keeps the outer end for a while, and the next boot would fail on its name.
    if (links.includes(` vb-${machine}`)) await capture('ip', ['-n', network.namespace, 'link', 'delete', `vb-${machine}`]);
  }

  async function start(): Promise<void> {
    if (running()) throw new Error(`${name} is running`);
    await roomForAHost();
    const log = openSync(consoleLog, 'a');
    const args = [
      ...[network.namespace, `${CONTROL_GROUP}/${machine}`],
      ...['--quiet', '--register=no', '--keep-unit', '--link-journal=no', '--boot'],
      // The clock is this machine's: no host may ever set it.
      '--drop-capability=CAP_SYS_TIME',
      ...[`--network-bridge=${network.bridge}`, `--machine=${machine}`, '--hostname=localhost', `--directory=${root}`],
      ...binds,
      ...(options.nspawnArguments ?? []),
    ];
    // Detached: Ctrl-C belongs to the test, which then ends its hosts itself.
    process_ = spawn(join(BOOT_SCRIPTS, 'start-host.sh'), args, { stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    await new Promise((resolve, reject) => process_?.once('spawn', resolve).once('error', reject));
  }

  const leader = () => eventually(`${name} has a process 1`, async () => leaderNow(), { timeout: 10_000, every: 50 });

  async function enter(script: string, runOptions: RunOptions = {}): Promise<Output> {
    const into = ['--target', String(await leader()), '--mount', '--pid', '--net', '--uts', '--ipc', '--root', '--wd'];
    const withoutClock = ['setpriv', '--bounding-set=-sys_time', '--inh-caps=-sys_time'];
    return capture('nsenter', [...into, 'env', '-i', `PATH=${PATH}`, 'LANG=C.UTF-8', ...withoutClock, 'sh', '-ec', script], runOptions);
  }

  return {
    name,
    root,
    consoleLog,
    running,
    start,
    stop: async () => {
      const asked = await enter('systemctl poweroff');
      if (asked.code !== 0 && running()) throw new Error(`${name} does not take systemctl poweroff: ${asked.stderr}`);
      await gone(120_000);
    },
    cut: async () => {
      kill();
      await gone(30_000);
    },
    sh: async (script, runOptions) => {
      const output = await enter(script, runOptions);
      if (output.code !== 0)
        throw new Error(`${name}: ${script}\nexited with ${output.code}\n${output.stderr.trim()}\n${output.stdout.trim()}`.trim());
      return output.stdout;
    },
    try: enter,
    inNetwork: async (program, args) => capture('nsenter', ['--target', String(await leader()), '--net', program, ...args]),
    read: path => readFile(join(root, path), 'utf8'),
    journal: (...args) => run('journalctl', ['--directory', join(root, 'var/log/journal'), '--quiet', '--no-pager', ...args]),
    renewDisk: async (trees = options.trees) => {
      kill();
      await gone(30_000);
      await capture('umount', ['--lazy', root]);
      for (const part of [...DISK_PARTS, 'disks']) await rm(join(directory, part), { recursive: true, force: true });
      await layDisk(trees);
    },
    remove: async () => {
      kill();
      await gone(30_000);
      removeControlGroup(`${CONTROL_GROUP}/${machine}`);
      await capture('umount', ['--lazy', root]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const DISK_PARTS = ['upper', 'work', 'root'] as const;

/** An overlay where this machine can stack one (a container's own root often cannot), a copy elsewhere. */
async function layRoot(lower: string, directory: string, root: string): Promise<void> {
  const [upper, work] = [join(directory, 'upper'), join(directory, 'work')];
  for (const part of DISK_PARTS) await mkdir(join(directory, part));
  const mounted = await capture('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, root]);
  if (mounted.code !== 0) await run('cp', ['--archive', '--reflink=auto', `${lower}/.`, root]);
}

function readChildren(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** True for a process that is number 1 in its own namespace and has become what boots the host. proc(5), NSpid */
function isInit(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^Name:\s+systemd$/m.test(status) && /^NSpid:.*\t1$/m.test(status);
  } catch {
    return false;
  }
}
