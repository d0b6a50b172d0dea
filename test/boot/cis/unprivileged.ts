// What users without privileges can read of the places where keys stand.
import type { Host } from '../host.ts';

const PLACES = ['/etc/kubernetes', '/etc/kubekiln', '/var/lib/kubekiln', '/var/lib/etcd', '/run/credentials'];

export interface Readable {
  /** How many files stand there. */
  readonly tried: number;
  /** Those that the user could open. */
  readonly opened: readonly string[];
}

/** Lets `user` open every file there, or in other places. */
export async function openedBy(host: Host, user: string, places: readonly string[] = PLACES): Promise<Readable> {
  const asUser = `setpriv --reuid=$(id -u ${user}) --regid=$(id -g ${user}) --init-groups`;
  // The list is root's, and each file is really opened: permissions of directories, ACLs and sandboxes count.
  const open = `while IFS= read -r file; do if (: < "$file") 2>/dev/null; then echo "$file"; fi; done`;
  const script = [
    'list=$(mktemp); trap "rm -f $list" EXIT',
    `find ${places.join(' ')} -type f > $list 2>/dev/null || true`,
    'wc -l < $list',
    `${asUser} sh -c '${open}' < $list`,
  ];
  const [tried = '0', ...opened] = (await host.sh(script.join('\n'))).split('\n').filter(Boolean);
  return { tried: Number(tried), opened };
}
