// What of a host an installation changes, as lines that can be compared: files, users, units, links, routes, packet filters, mounts, processes.
import type { Host } from './host.ts';

/** Written while a system runs, whoever runs on it; each would differ from one minute to the next. */
const VOLATILE = [
  ...['/var/log', '/var/cache', '/var/tmp', '/var/lib/cloud', '/var/lib/systemd', '/var/lib/private', '/var/lib/dhcp', '/root'],
  // Images stay, by design, and so does what a test brought.
  ...['/var/lib/containerd', '/var/lib/test-images'],
  // Copies that useradd and userdel keep.
  ...['/etc/passwd-', '/etc/shadow-', '/etc/group-', '/etc/gshadow-', '/etc/.pwd.lock'],
];

const PROBES: Readonly<Record<string, string>> = {
  files: `find /etc /usr /opt /srv /home /var -xdev \\( ${VOLATILE.map(path => `-path ${path}`).join(' -o ')} \\) -prune -o -printf '%p %m %u:%g %y %l\\n'`,
  contents: `find /etc -xdev -type f ! -name '*-' -exec sha256sum {} +`,
  users: 'getent passwd; getent group',
  units: 'systemctl list-unit-files --no-legend --no-pager',
  'failed units': 'systemctl list-units --no-legend --no-pager --state=failed --plain',
  // the number of the other end is another one after each boot
  links: 'ip -o link show | cut -d: -f2 | cut -d@ -f1',
  routes: 'ip route show table all; ip -6 route show table all',
  'packet filters': 'nft --stateless list ruleset',
  mounts: 'cut -d" " -f2 /proc/self/mounts',
  processes: 'cat /proc/[0-9]*/comm',
};

export type HostState = ReadonlyMap<string, ReadonlySet<string>>;

/** Everything that `PROBES` find now. */
export async function hostState(host: Host): Promise<HostState> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const [name, script] of Object.entries(PROBES)) {
    const { stdout } = await host.try(script);
    found.set(name, new Set(stdout.split('\n').filter(line => line !== '')));
  }
  return found;
}

/** `users: + etcd:x:…` for each line that is new, `-` for each that is gone. */
export function differences(before: HostState, after: HostState): readonly string[] {
  return [...before].flatMap(([name, lines]) => {
    const now = after.get(name) ?? new Set();
    const added = [...now].filter(line => !lines.has(line)).map(line => `${name}: + ${line}`);
    return [...added, ...[...lines].filter(line => !now.has(line)).map(line => `${name}: - ${line}`)];
  });
}
