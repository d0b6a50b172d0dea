// Everything that one test process leaves on the machine carries its run id: a directory, mounts below it, network namespaces and control groups.
// They go when the process ends, by a signal too; what a killed process left is swept by the next one. Hosts themselves die with their starter.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'kubekiln-boot-';
const NAMESPACES = '/run/netns';
const CONTROL_GROUPS = '/sys/fs/cgroup';

/** `<pid>-<start time>`: unique on this machine, and it tells whether its process still lives. */
export const RUN_ID = `${process.pid}-${startTime(process.pid)}`;

/** Prefix of this run's network namespaces. */
export const NAMESPACE_PREFIX = `kk-${RUN_ID}-`;

/** Name of this run's control group in each hierarchy. */
export const CONTROL_GROUP = PREFIX + RUN_ID;

const undoSteps: (() => void)[] = [];
let directory: string | undefined;

/** This run's directory (0700), made at the first call, when the leftovers of dead runs are swept as well. */
export function runDirectory(): string {
  if (directory !== undefined) return directory;
  sweepDeadRuns();
  directory = join(tmpdir(), PREFIX + RUN_ID);
  mkdirSync(directory, { mode: 0o700 });
  process.on('exit', () => {
    for (const undo of undoSteps.reverse()) attempt(undo);
    remove(RUN_ID);
  });
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(code));
  }
  return directory;
}

/** Registers something synchronous to do when this process ends, before its directory goes; last registered, first done. */
export function whenRunEnds(undo: () => void): void {
  undoSteps.push(undo);
}

function sweepDeadRuns(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const id = name.slice(PREFIX.length);
    const [pid, started] = id.split('-');
    if (startTime(Number(pid)) !== started) remove(id);
  }
}

function remove(id: string): void {
  const base = join(tmpdir(), PREFIX + id);
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(path => path.startsWith(`${base}/`));
  for (const path of mounts.reverse()) attempt(() => execFileSync('umount', ['--lazy', path], { stdio: 'ignore' }));
  for (const name of list(NAMESPACES)) {
    if (name.startsWith(`kk-${id}-`)) attempt(() => execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' }));
  }
  removeControlGroup(PREFIX + id);
  attempt(() => rmSync(base, { recursive: true, force: true }));
}

/** Removes a control group of ours with all below it, in each hierarchy. Processes that were killed in it may take a moment to be gone. */
export function removeControlGroup(name: string): void {
  const groups = [CONTROL_GROUPS, ...list(CONTROL_GROUPS).map(hierarchy => join(CONTROL_GROUPS, hierarchy))]
    .map(hierarchy => join(hierarchy, name))
    .filter(group => existsSync(group));
  if (groups.length === 0) return;
  const emptied = 'for i in 1 2 3 4 5 6 7 8 9 10; do find "$@" -depth -type d -exec rmdir {} + 2>/dev/null && exit; sleep 0.2; done';
  attempt(() => execFileSync('sh', ['-c', emptied, 'sh', ...groups], { stdio: 'ignore' }));
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function attempt(step: () => void): void {
  try {
    step();
  } catch {
    // The other steps still have to be taken.
  }
}

/** Field 22 of /proc/PID/stat in base 36, or undefined when there is no such process. proc(5) */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]).toString(36);
  } catch {
    return undefined;
  }
}
