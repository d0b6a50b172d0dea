// Kernel settings by their group, as data: what a machine with Linux 6.18 lists (sysctl -aN), and what other builds of a kernel have besides
// (https://docs.kernel.org/admin-guide/sysctl/, patches of Debian and Ubuntu). `conf` and `neigh` stand for those of each interface.
import data from './sysctl-names.json' with { type: 'json' };

const GROUPS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(data));
/** Of other groups, which come with a module or an architecture, only the root is known. */
const ROOTS = ['abi', 'crypto', 'debug', 'dev', 'fs', 'kernel', 'net', 'sunrpc', 'user', 'vm', 'xen'];

export interface UnknownSysctl {
  /** What may stand in its place, written in full. */
  readonly candidates: readonly string[];
}

/** `net/ipv4/conf/eth0.100/rp_filter` and `net.ipv4.ip_forward` are both allowed: sysctl(8). */
export function sysctlParts(name: string): readonly string[] {
  return name.split(name.includes('/') ? '/' : '.');
}

/** Undefined where the name is one of the kernel's, or cannot be judged. */
export function unknownSysctl(name: string): UnknownSysctl | undefined {
  const parts = sysctlParts(name);
  const last = parts.at(-1) ?? '';
  const [root = '', second = '', third = ''] = parts;
  // The name of an interface stands between, and may hold dots.
  const ofInterface = root === 'net' && parts.length > 4 && (third === 'conf' || third === 'neigh');
  const group = ofInterface ? `net.${second}.${third}` : parts.slice(0, -1).join('.');
  const known = GROUPS.get(group);
  if (known) {
    if (known.includes(last)) return undefined;
    const before = name.slice(0, name.length - last.length);
    return { candidates: known.map(each => `${before}${each}`) };
  }
  return ROOTS.includes(root) ? undefined : { candidates: [] };
}
