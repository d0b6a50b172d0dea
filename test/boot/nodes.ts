import { SUBNET } from './network.ts';

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

/** netplan's form of a host's one address. systemd-nspawn calls the only interface host0. */
export function networkConfigOf(address: string, name = 'host0'): object {
  return {
    version: 2,
    ethernets: { [name]: { addresses: [`${address}/${SUBNET.length}`], routes: [{ to: '0.0.0.0/0', via: `${SUBNET.prefix}.1` }] } },
  };
}
