// Which sockets of daemons a user of the machine can connect to: whoever reaches containerd's is root.
import type { Host } from '../host.ts';

/** Every user may talk to these parts of systemd, and to the message bus. */
const OF_THE_SYSTEM = /^\/run\/(systemd|dbus)\//;

// Names in the kernel's table: paths, and with @ the abstract ones, which no directory protects (CVE-2020-15257).
const CONNECT = `
import socket
for line in open("/proc/net/unix"):
    words = line.split()
    if len(words) < 8:
        continue
    name = words[7]
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
        try:
            socket.socket(socket.AF_UNIX, kind).connect("\\0" + name[1:] if name[0] == "@" else name)
            print(name)
        except OSError:
            pass
`;

/** Names of the sockets that nobody can connect to, besides systemd's own, and how many were tried. */
export async function openToNobody(host: Host): Promise<{ readonly tried: number; readonly open: readonly string[] }> {
  const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
  const open = await host.sh(`${nobody} python3 - <<'SCRIPT'\n${CONNECT}\nSCRIPT`);
  const tried = await host.sh("awk 'NF > 7 { print $8 }' /proc/net/unix | sort -u | wc -l");
  const names = [...new Set(open.split('\n').filter(Boolean))].sort();
  return { tried: Number(tried), open: names.filter(name => !OF_THE_SYSTEM.test(name)) };
}
