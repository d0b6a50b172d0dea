import { isIPv4, isIPv6 } from 'node:net';
import { invariant } from '../bug.ts';

/**
 * The 4 or 16 octets of an address, as an iPAddress SAN carries them (RFC 5280, 4.2.1.6).
 * @throws Bug for anything but a plain address: the spec stage lets nothing else through.
 */
export function ipOctets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  invariant(isIPv6(address) && !address.includes('%'), `${JSON.stringify(address)} is not an IP address`);
  const [head = '', tail] = address.split('::');
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array<number>(8 - before.length - after.length).fill(0);
  return Buffer.from([...before, ...zeros, ...after].flatMap(group => [group >> 8, group & 0xff]));
}

/** 16-bit groups; a dotted quad at the end counts as two. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap(part => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** The way OpenSSL prints the octets of a SAN: dotted, or eight groups in upper-case hex without `::`. */
export function opensslAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const bytes = Buffer.from(octets);
  return Array.from({ length: 8 }, (_, index) =>
    bytes
      .readUInt16BE(index * 2)
      .toString(16)
      .toUpperCase(),
  ).join(':');
}
