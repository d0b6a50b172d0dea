// A kernel gives each user a number of inotify instances (128 by default), and a host that finds none left does not boot: "Failed to allocate manager object".
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sleep } from './patience.ts';

/** A booted host of Debian takes nine; some more for those that are still booting. */
const PER_HOST = 20;
const LONGEST_WAIT = 300_000;

/** Waits until another host finds room beside those of other runs. Waits no longer than five minutes: the host itself then says what is missing. */
export async function roomForAHost(): Promise<void> {
  const limit = Number(readFileSync('/proc/sys/fs/inotify/max_user_instances', 'utf8'));
  const end = Date.now() + LONGEST_WAIT;
  while (inUse() + PER_HOST > limit && Date.now() < end) await sleep(1000);
}

/** Of all users: hosts run as root, and so do the tests. */
function inUse(): number {
  const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return processes.reduce((sum, pid) => sum + instancesOf(pid), 0);
}

function instancesOf(pid: string): number {
  try {
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).filter(fd => isInotify(`${directory}/${fd}`)).length;
  } catch {
    return 0;
  }
}

function isInotify(path: string): boolean {
  try {
    return readlinkSync(path) === 'anon_inode:inotify';
  } catch {
    return false;
  }
}
