// Addresses as numbers, and their one canonical spelling (RFC 5952 for IPv6): certificates, etcd and kube-apiserver compare texts.
import { isIPv6 } from 'node:net';
import type { Subnet } from './cluster.ts';

export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
  /** Canonical spelling. */
  readonly text: string;
}

const BITS = { 4: 32n, 6: 128n } as const;

/** Reads an address in canonical or other unambiguous spelling; undefined for anything else (zones, prefixes, octal, shortened IPv4). */
export function parseAddress(text: string): IpAddress | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const octets = text.split('.').map(Number);
    if (octets.some(octet => octet > 255)) return undefined;
    return ipAddress(
      4,
      octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n),
    );
  }
  // node takes milliseconds to compile its pattern for IPv6
  if (!text.includes(':') || !isIPv6(text) || text.includes('%')) return undefined;
  return ipAddress(6, ipv6Value(text));
}

/** The IPv4 address inside `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2), which kubekiln never means by an IPv6 address. */
export function mappedIpv4(address: IpAddress): IpAddress | undefined {
  return address.family === 6 && address.value >> 32n === 0xffffn ? ipAddress(4, address.value & 0xffffffffn) : undefined;
}

export function ipAddress(family: 4 | 6, value: bigint): IpAddress {
  return { family, value, text: family === 4 ? ipv4Text(value) : ipv6Text(value) };
}

/** A subnet with its first address; `canonical` is false when host bits are set or the spelling differs from `subnet.cidr`. */
export interface ParsedSubnet {
  readonly subnet: Subnet;
  readonly first: bigint;
  readonly last: bigint;
  readonly canonical: boolean;
}

export function parseSubnet(text: string): ParsedSubnet | undefined {
  const [addressText, prefixText, rest] = text.split('/');
  const address = parseAddress(addressText ?? '');
  if (!address || rest !== undefined || prefixText === undefined || !/^(0|[1-9]\d{0,2})$/.test(prefixText)) return undefined;
  const prefix = Number(prefixText);
  const hostBits = BITS[address.family] - BigInt(prefix);
  if (hostBits < 0n) return undefined;
  const first = (address.value >> hostBits) << hostBits;
  const cidr = `${ipAddress(address.family, first).text}/${prefix}`;
  return { subnet: { cidr, family: address.family, prefix }, first, last: first + (1n << hostBits) - 1n, canonical: cidr === text };
}

export function contains(subnet: ParsedSubnet, address: IpAddress): boolean {
  return subnet.subnet.family === address.family && address.value >= subnet.first && address.value <= subnet.last;
}

export function overlap(a: ParsedSubnet, b: ParsedSubnet): boolean {
  return a.subnet.family === b.subnet.family && a.first <= b.last && b.first <= a.last;
}

/** What makes an address unfit to be dialled by other nodes: `loopback`, `multicast`, …; undefined when it is fit. */
export function unusableKind(address: IpAddress): string | undefined {
  return UNUSABLE.find(([, subnet]) => contains(subnet, address))?.[0];
}

const UNUSABLE: readonly (readonly [string, ParsedSubnet])[] = (
  [
    ['unspecified', '0.0.0.0/8'],
    ['loopback', '127.0.0.0/8'],
    ['link-local', '169.254.0.0/16'],
    ['multicast', '224.0.0.0/4'],
    ['reserved', '240.0.0.0/4'],
    ['unspecified', '::/128'],
    ['loopback', '::1/128'],
    ['link-local', 'fe80::/10'],
    ['multicast', 'ff00::/8'],
  ] as const
).flatMap(([kind, cidr]) => {
  const subnet = parseSubnet(cidr);
  return subnet ? [[kind, subnet] as const] : [];
});

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => (value >> shift) & 255n).join('.');
}

function ipv6Value(text: string): bigint {
  const embedded = /(?<head>.*:)(?<v4>\d+\.\d+\.\d+\.\d+)$/.exec(text)?.groups;
  const v4 = embedded && parseAddress(embedded.v4 ?? '')?.value;
  const hex = v4 === undefined || !embedded ? text : `${embedded.head}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  const [head = '', tail] = hex.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return groups.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

/** RFC 5952, section 4: lower case, no leading zeros, the longest (first) run of two or more zero groups as `::`. */
function ipv6Text(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
