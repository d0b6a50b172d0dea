import { toRfc3339 } from '../clock.ts';
import type { Cluster } from '../spec/cluster.ts';
import type { NodeStatus } from '../status/node-status.ts';
import { counted, renderTable } from './table.ts';

const DAY = 86_400;
const HEADING = ['NODE', 'ROLE', 'STAGE', 'API SERVER', 'KUBELET', 'RUNTIME', 'CERTIFICATES'];

/** A line for each node, then what is to be said of some, then the count. */
export function statusText(nodes: readonly NodeStatus[], now: number): string {
  const rows = nodes.map(node => [
    node.name,
    node.role ?? '-',
    node.stage,
    node.role === 'control-plane' ? apiServerText(node) : '-',
    node.kubeletVersion ?? '-',
    node.containerRuntime ?? '-',
    certificatesText(node, now),
  ]);
  const notes = nodes.flatMap(node => node.notes.map(note => `${node.name}: ${note}\n`));
  const declared = nodes.filter(node => node.declared);
  const ready = declared.filter(node => node.ready).length;
  const count =
    ready === declared.length ? `All ${counted(ready, 'node')} are Ready.` : `${ready} of ${counted(declared.length, 'node')} are Ready.`;
  return `${renderTable(HEADING, rows)}${notes.join('')}${declared.length === 1 && ready === 1 ? 'The node is Ready.' : count}\n`;
}

function apiServerText({ apiServer }: NodeStatus): string {
  if (!apiServer) return 'no answer';
  return apiServer.ready ? (apiServer.version ?? 'ready') : 'not ready';
}

function daysLeft(notAfter: number, now: number): number {
  return Math.floor((notAfter - now) / DAY);
}

/** The certificate that ends first: `364d`. */
function certificatesText({ certificates }: NodeStatus, now: number): string {
  if (certificates.length === 0) return '-';
  const first = Math.min(...certificates.map(certificate => certificate.notAfter));
  return first <= now ? 'expired' : `${daysLeft(first, now)}d`;
}

export function statusData(cluster: Cluster, server: string, nodes: readonly NodeStatus[], now: number): object {
  return {
    apiVersion: 'kubekiln/v1alpha1',
    kind: 'ClusterStatus',
    cluster: cluster.name,
    kubernetesVersion: cluster.version.text,
    server,
    ready: nodes.every(node => node.ready || !node.declared),
    nodes: nodes.map(node => ({
      ...node,
      certificates: node.certificates.map(({ name, notAfter }) => ({
        name,
        notAfter: toRfc3339(notAfter),
        daysLeft: daysLeft(notAfter, now),
      })),
    })),
  };
}
