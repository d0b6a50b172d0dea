// What is wrong with an address, a subnet, a host or an endpoint: one text, judged by itself.
import { mappedIpv4, parseAddress, parseSubnet } from './ip-address.ts';
import { numericName } from './name-formats.ts';
import { type Finding, LABEL } from './text-format.ts';

export function addressFinding(text: string): Finding | undefined {
  const address = parseAddress(text);
  if (!address) {
    if (text.includes('/')) return { message: 'is not an IP address', hint: 'the prefix length belongs into networkConfig' };
    if (text.includes('%')) return { message: 'is not an IP address', hint: 'a zone (%…) means something on one machine only' };
    return { message: 'is not an IP address' };
  }
  const mapped = mappedIpv4(address);
  if (mapped) return { message: 'is an IPv4 address written as IPv6', hint: `write ${mapped.text}`, code: 'address-not-canonical' };
  return address.text === text
    ? undefined
    : { message: 'is not written canonically', hint: `write ${address.text}`, code: 'address-not-canonical' };
}

export function subnetsFinding(text: string): Finding | undefined {
  const parts = text.split(',');
  const parsed = parts.map(part => parseSubnet(part.trim()));
  if (parsed.some(subnet => subnet === undefined)) {
    const lacksPrefix = parts.every(part => parseAddress(part.trim().split('/')[0] ?? '')) && parts.some(part => !part.includes('/'));
    return { message: 'is not a subnet like 10.96.0.0/16', ...(lacksPrefix && { hint: 'the prefix length is missing' }) };
  }
  const canonical = parsed.map(subnet => subnet?.subnet.cidr).join(',');
  return canonical === text
    ? undefined
    : { message: 'has host bits set, or is not written canonically', hint: `write ${canonical}`, code: 'subnet-not-canonical' };
}

/** A DNS name for a certificate or a dialling host, or a canonical address. */
export function hostFinding(text: string, what: string, wildcard: boolean): Finding | undefined {
  if (parseAddress(text) || /^[\d.]+$|[:%/]/.test(text)) {
    const finding = addressFinding(text);
    return finding && { ...finding, message: finding.message.replace('an IP address', what) };
  }
  const name = wildcard ? text.replace(/^\*\.(?=.)/, '') : text;
  if (new RegExp(`^${LABEL}(\\.${LABEL})*$`).test(name) && text.length <= 253) return numericName(text);
  const lower = name.toLowerCase().replace(/\.$/, '');
  const hint = lower !== name && new RegExp(`^${LABEL}(\\.${LABEL})*$`).test(lower) ? { hint: `write ${lower}` } : {};
  return { message: `is not ${what}`, ...hint };
}

/** `host:port`, `[v6]:port`; undefined for anything else. */
export function parseEndpoint(text: string): { host: string; port: number } | undefined {
  const groups = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:/[\]]+)):(?<port>[1-9]\d{0,4})$/.exec(text)?.groups;
  const port = Number(groups?.port);
  const host = groups?.six ?? groups?.host;
  if (host === undefined || port > 65535 || (groups?.six !== undefined && !groups.six.includes(':'))) return undefined;
  return { host, port };
}

function endpointHint(text: string): string {
  if (/^https?:\/\//.test(text)) return 'without https://, and with a port: api.example.com:6443';
  if (parseAddress(text)?.family === 6) return `write [${text}]:6443`;
  return text.includes(':') ? 'like api.example.com:6443 or [fd00::10]:6443' : `write ${text}:6443`;
}

export function endpointFinding(text: string): Finding | undefined {
  const endpoint = parseEndpoint(text);
  return endpoint
    ? hostFinding(endpoint.host, 'a host name or an IP address', false)
    : { message: 'is not a host and a port', hint: endpointHint(text) };
}
