import { toRfc3339 } from '../clock.ts';
import { randomHex } from '../random.ts';
import { type Cluster, controlPlaneNodes } from '../spec/cluster.ts';
import type { Secrets } from './secrets.ts';

/**
 * Lets the cluster be founded anew after its window, when no member of etcd has data any more: a new cluster token, so that no member of before can
 * meet the new ones and its mark on a node no longer counts; a new window; and a higher generation, so that no payload of before is taken instead.
 * CAs, keys and leaves stay, and with them every kubeconfig.
 */
export function reopenBootstrap(cluster: Cluster, secrets: Secrets, now: number): Secrets {
  const founding = new Set(controlPlaneNodes(cluster).map(node => node.name));
  const nodes = Object.entries(secrets.nodes).map(([name, identity]) => [
    name,
    founding.has(name) ? { ...identity, generation: identity.generation + 1 } : identity,
  ]);
  return {
    ...secrets,
    etcd: { clusterToken: `${cluster.name}-${randomHex(8)}`, bootstrapBefore: toRfc3339(now + cluster.bootstrapWindow) },
    nodes: Object.fromEntries(nodes),
  };
}
