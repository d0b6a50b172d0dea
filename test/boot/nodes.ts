import { SUBNET, SUBNET_6 } from './network.ts';

export interface TestNode {
  readonly name: string;
  readonly address: string;
}

/** Names and addresses of the three hosts of every test cluster; the names are those that `kubekiln init` gives. */
export const THREE_NODES: readonly TestNode[] = [11, 12, 13].map((last, index) => ({
  name: `cp-${index + 1}`,
  address: `${SUBNET.prefix}.${last}`,
}));

/** Worker nodes of test clusters. */
export function workerNodes(count: number): readonly TestNode[] {
  return Array.from({ length: count }, (_, index) => ({ name: `w-${index + 1}`, address: `${SUBNET.prefix}.${21 + index}` }));
}

/** The IPv6 address of the host with that IPv4 address, in a dual-stack cluster. */
export function address6Of(address: string): string {
  return `${SUBNET_6.prefix}:${address.split('.').at(-1)}`;
}

/** netplan's form of a host's address, or its two. systemd-nspawn calls the only interface host0. */
export function networkConfigOf(address: string, { name = 'host0', dualStack = false } = {}): object {
  const addresses = [`${address}/${SUBNET.length}`, ...(dualStack ? [`${address6Of(address)}/${SUBNET_6.length}`] : [])];
  // No IPv6 default route: cloud-init 22.4 makes ::/64 of ::/0, and nothing is beyond the bridge.
  const routes = [{ to: '0.0.0.0/0', via: `${SUBNET.prefix}.1` }];
  return {
    version: 2,
    ethernets: { [name]: { addresses, routes } },
  };
}
