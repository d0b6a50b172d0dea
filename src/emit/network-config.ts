import { dumpYaml } from '../formats/yaml.ts';
import type { Payload } from './payload.ts';

/**
 * The node's own netplan v2 document, or DHCP on every interface that looks wired (en…, eth…): its name is not known before it boots.
 * https://cloudinit.readthedocs.io/en/latest/reference/network-config-format-v2.html
 */
export function networkConfig({ node }: Payload): string {
  if (node.networkConfig) return dumpYaml(node.networkConfig);
  const dhcp6 = node.addresses.some(address => address.includes(':'));
  return dumpYaml({ version: 2, ethernets: { primary: { match: { name: 'e*' }, dhcp4: true, ...(dhcp6 && { dhcp6: true }) } } });
}
