// What each certificate of a node must be good for, by its path below the PKI directory (kubeadm's names):
// https://kubernetes.io/docs/setup/best-practices/certificates/
import type { NodeView } from './node-view.ts';

export interface LeafRule {
  readonly usages: readonly ('serverAuth' | 'clientAuth')[];
  /** Names and addresses that clients of this server dial. */
  readonly names?: (node: NodeView) => readonly string[];
  /** Every control-plane node has one. */
  readonly required?: boolean;
}

const LOOPBACK = '127.0.0.1';

export const LEAF_RULES: Readonly<Record<string, LeafRule>> = {
  apiserver: {
    usages: ['serverAuth'],
    names: node => [...node.addresses, LOOPBACK, 'localhost', 'kubernetes.default.svc'],
    required: true,
  },
  'apiserver-kubelet-client': { usages: ['clientAuth'] },
  'apiserver-etcd-client': { usages: ['clientAuth'], required: true },
  'front-proxy-client': { usages: ['clientAuth'] },
  'etcd/server': { usages: ['serverAuth', 'clientAuth'], names: node => [...node.addresses, LOOPBACK, 'localhost'], required: true },
  'etcd/peer': { usages: ['serverAuth', 'clientAuth'], names: node => node.addresses, required: true },
  'etcd/healthcheck-client': { usages: ['clientAuth'] },
  'controller-manager': { usages: ['clientAuth'], required: true },
  'controller-manager-server': { usages: ['serverAuth'], names: () => [LOOPBACK] },
  scheduler: { usages: ['clientAuth'], required: true },
  'local-proxy': { usages: ['clientAuth'] },
  'scheduler-server': { usages: ['serverAuth'], names: () => [LOOPBACK] },
};

/** Stems of the three authorities, below the PKI directory. */
export const AUTHORITIES = ['ca', 'etcd/ca', 'front-proxy-ca'] as const;

/** The authority that must have issued a certificate. */
export function authorityOf(stem: string): (typeof AUTHORITIES)[number] {
  if (stem.startsWith('etcd/') || stem === 'apiserver-etcd-client') return 'etcd/ca';
  return stem === 'front-proxy-client' ? 'front-proxy-ca' : 'ca';
}
