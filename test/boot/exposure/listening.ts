// What waits for connections on a host, and on which addresses.
import type { Host } from '../host.ts';

/** What the distribution itself may run. */
const OF_THE_SYSTEM = /^(systemd|sshd|chronyd|dhclient)/;

/** `tcp 127.0.0.1:10248 kubelet`, sorted; a port that the kernel picked is a star, as is the address of every interface. */
export async function listening(host: Host): Promise<readonly string[]> {
  const { stdout } = await host.inNetwork('ss', ['--no-header', '--listening', '--tcp', '--udp', '--numeric', '--processes']);
  const sockets = stdout.split('\n').filter(Boolean).map(socket);
  return [...new Set(sockets.filter(({ program }) => !OF_THE_SYSTEM.test(program)).map(({ text }) => text))].sort();
}

function socket(line: string): { readonly program: string; readonly text: string } {
  const [protocol = '', , , , local = ''] = line.split(/\s+/);
  const program = /\(\("([^"]+)"/.exec(line)?.[1] ?? 'kernel';
  const port = Number(local.slice(local.lastIndexOf(':') + 1));
  const address = local.slice(0, local.lastIndexOf(':')).replace(/^(0\.0\.0\.0|\[::\])$/, '*');
  // net.ipv4.ip_local_port_range begins at 32768.
  return { program, text: `${protocol} ${address}:${port < 32768 ? port : '*'} ${program}` };
}
