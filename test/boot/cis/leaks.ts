// Looks for keys: in the places of a host where everybody, or whoever collects logs, can look; and in what a node carries.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Member } from '../control-plane.ts';
import type { Host } from '../host.ts';
import { type Canary, found } from './key-material.ts';

/** Larger ones are programs and archives of the distribution. */
const LARGEST_FILE = 4 * 1024 * 1024;
const NOBODY = 'setpriv --reuid=65534 --regid=65534 --clear-groups';

export interface Search {
  readonly searched: number;
  /** Place to the names of the keys that stand there. */
  readonly leaks: Readonly<Record<string, readonly string[]>>;
}

/** Searches journal, process list, console, status.json and each file that everybody can read and that is younger than `since`. */
export async function searchForLeaks({ host }: Member, canaries: readonly Canary[], since: Date): Promise<Search> {
  const young = `-newermt @${Math.floor(since.getTime() / 1000)}`;
  const places = new Map<string, Buffer>([
    ['journal', Buffer.from(await host.journal('--output=export', '--all'))],
    ['processes', Buffer.from(await host.sh('ps -ef; cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"'))],
    ['console', await readFile(host.consoleLog)],
    ['status.json', await readFile(join(host.root, 'var/lib/kubekiln/status.json'))],
    ...(await readFiles(host, `/ /run /tmp /dev/shm -xdev ${young} -readable`, NOBODY)),
  ]);
  const leaks: Record<string, readonly string[]> = {};
  for (const [place, content] of places) {
    // A key of whomever: openssl's and cloud-init's own ones are not for everybody either.
    const names = [...found(canaries, content), ...(content.includes('PRIVATE KEY-----') ? ['some private key'] : [])];
    if (names.length > 0) leaks[place] = names;
  }
  return { searched: places.size, leaks };
}

/** Names of the keys that stand anywhere on the host, in files of root too. */
export async function keysCarriedBy({ host }: Member, canaries: readonly Canary[], since: Date): Promise<readonly string[]> {
  const young = `-newermt @${Math.floor(since.getTime() / 1000)}`;
  const files = await readFiles(
    host,
    `/etc /var /run /root /home /usr/local -xdev ${young} -not -path '/var/lib/etcd/*' -not -path '/var/log/journal/*'`,
  );
  return [...new Set([...files.values()].flatMap(content => found(canaries, content)))].sort();
}

/** Path to content of the regular files that `find` gives, read inside the host. */
async function readFiles(host: Host, find: string, as = ''): Promise<ReadonlyMap<string, Buffer>> {
  const print = 'while IFS= read -r file; do echo "$file"; base64 -w 0 "$file"; echo; done';
  const script = `find ${find} -type f -size -${LARGEST_FILE}c 2>/dev/null | ${print}`;
  const lines = (await host.sh(`${as} sh -c "$(cat <<'SCRIPT'\n${script}\nSCRIPT\n)"`)).split('\n');
  const files = new Map<string, Buffer>();
  for (let index = 0; index + 1 < lines.length; index += 2) files.set(lines[index] ?? '', Buffer.from(lines[index + 1] ?? '', 'base64'));
  return files;
}
