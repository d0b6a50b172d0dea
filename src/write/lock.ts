// Two runs on the same files must not mix. Each run creates a file that names it (host, boot, process, its start), then looks for others: whoever
// sees a living one steps back. A dead run's file can be removed safely, since no other run can ever have the same name: a single lock file
// could not be taken over without a race. node has no flock.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../problem.ts';
import { undoWhenInterrupted } from './cleanup.ts';
import { about } from './file-system-problem.ts';
import { TEMPORARY_PREFIX } from './temporary-names.ts';

export interface Lock {
  release(): void;
}

interface Holder {
  readonly file: string;
  readonly host: string;
  readonly boot: string;
  readonly pid: number;
  readonly start: string;
  readonly state: 'wanted' | 'held';
}

/** Short, and free of the separator, whatever characters a host name has. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** Start time in clock ticks since boot (proc_pid_stat(5), field 22): tells a process from a later one with the same id. */
function startOf(pid: number | 'self'): string {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
}

function myName(): string {
  // process ids mean nothing in another container on the same host
  const host = hostname() + attempt(() => readlinkSync('/proc/self/ns/pid'));
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  return [digestOf(host), digestOf(boot), process.pid, startOf('self')].join('-');
}

function parseHolder(directory: string, prefix: string, name: string): Holder | undefined {
  const match = /^([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-(wanted|held)$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '');
  if (match === null) return undefined;
  const [, host = '', boot = '', pid = '', start = '', state] = match;
  return { file: join(directory, name), host, boot, pid: Number(pid), start, state: state === 'held' ? 'held' : 'wanted' };
}

/** Whether that run may still be at work. What another host does cannot be seen, so it counts as alive. */
function isAlive(holder: Holder, me: Holder): boolean {
  if (holder.host !== me.host) return true;
  if (holder.boot !== me.boot) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return startOf(holder.pid) === holder.start || holder.start === '0';
}

function busy(subject: string, holder: Holder, me: Holder): Problem {
  const who = holder.host === me.host ? `process ${holder.pid}` : `process ${holder.pid} on another host or in another container`;
  return {
    severity: 'error',
    code: 'already-running',
    path: [],
    message: `another kubekiln (${who}) is writing ${subject}`,
    hint: `run it again when that one is done; if it is long gone, delete ${holder.file}`,
  };
}

const TIE_ROUNDS = 40;

/**
 * Takes the lock on a path (which need not exist; its directory must), or says who has it.
 * @param subject what the user calls the path
 * @throws the system error when the lock file cannot be created
 */
export async function lockPath(path: string, subject: string): Promise<Lock | Problem> {
  const directory = dirname(path);
  const prefix = `${TEMPORARY_PREFIX}lock.${basename(path)}.`;
  const wanted = parseHolder(directory, prefix, `${prefix}${myName()}-wanted`);
  if (wanted === undefined) throw new TypeError('the lock cannot read its own name');
  const held = wanted.file.replace(/wanted$/, 'held');
  const release = () => {
    rmSync(held, { force: true });
    rmSync(wanted.file, { force: true });
    done();
  };
  const done = undoWhenInterrupted(() => release());
  try {
    for (let round = 1; ; round++) {
      about(directory, () => closeSync(openSync(wanted.file, 'wx', 0o600)));
      const other = othersIn(directory, prefix, wanted);
      if (other === undefined) {
        // beside the first file, which must stay: a directory that is read during a rename may show neither name
        closeSync(openSync(held, 'wx', 0o600));
        return { release };
      }
      rmSync(wanted.file, { force: true });
      if (other.state === 'held' || round === TIE_ROUNDS) {
        done();
        return busy(subject, other, wanted);
      }
      // both stepped back: different waits break the tie
      await sleep(5 + (process.pid % 17) + round * (process.pid % 5));
    }
  } catch (error) {
    release();
    throw error;
  }
}

/** A living other run, one that holds the lock before one that wants it; removes the files of dead ones on the way. */
function othersIn(directory: string, prefix: string, me: Holder): Holder | undefined {
  let found: Holder | undefined;
  for (const name of readdirSync(directory)) {
    const holder = parseHolder(directory, prefix, name);
    if (holder === undefined || (holder.pid === me.pid && holder.host === me.host && holder.boot === me.boot && holder.start === me.start))
      continue;
    if (!isAlive(holder, me)) rmSync(holder.file, { force: true });
    else if (found === undefined || holder.state === 'held') found = holder;
  }
  return found;
}
