// Which ports a node listens on, as planned: for its firewall, and for the look at a machine before anything of ours runs.
// https://kubernetes.io/docs/reference/networking/ports-and-protocols/
import type { Cluster } from '../spec/cluster.ts';
import { ETCD_CLIENT_PORT, ETCD_PEER_PORT } from './locations.ts';

/** Of flannel's VXLAN. */
const VXLAN_PORT = 8472;
const NTP_PORT = 123;

export interface HostPorts {
  /** What other machines must reach, as `6443/tcp` or `30000-32767/udp`. */
  readonly open: readonly string[];
  /** TCP ports that something of ours binds, on whichever address. */
  readonly listeners: readonly number[];
}

/** Of every node. */
export function nodePorts({ loadBalancer, networking, podNetwork, proxy }: Cluster): HostPorts {
  const tunnel = podNetwork.type === 'flannel' && podNetwork.backend === 'vxlan';
  return {
    open: ['10250/tcp', ...(tunnel ? [`${VXLAN_PORT}/udp`] : []), `${networking.nodePortRange}/tcp`, `${networking.nodePortRange}/udp`],
    listeners: [
      10248,
      10250,
      ...(proxy.disabled ? [] : [10249, 10256]),
      ...(loadBalancer.type === 'localProxy' ? [loadBalancer.bindPort] : []),
    ],
  };
}

/** Of a control-plane node, beside those of every node. */
export function controlPlanePorts({ apiServer, node }: Cluster): HostPorts {
  const served = [apiServer.bindPort, ETCD_CLIENT_PORT, ETCD_PEER_PORT];
  return {
    open: [...served.map(port => `${port}/tcp`), ...(node.timeServers.length === 0 ? [`${NTP_PORT}/udp`] : [])],
    listeners: [...served, 10257, 10259],
  };
}
