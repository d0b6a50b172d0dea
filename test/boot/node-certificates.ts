// The client certificates that kubelets ask for: the requests, and what a node has of them.
import type { Host } from './host.ts';
import type { Operator } from './operator.ts';

export interface KubeletRequest {
  readonly name: string;
  /** Reason of the condition Approved. */
  readonly approved?: string;
  /** PEM, once it is issued. */
  readonly certificate?: string;
}

interface SigningRequest {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string };
  readonly spec: { readonly signerName: string; readonly username: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly reason: string }[];
    readonly certificate?: string;
  };
}

/** The requests of that node's kubelet for client certificates, oldest first. */
export async function kubeletRequests(operator: Operator, node: string): Promise<readonly KubeletRequest[]> {
  const { items } = JSON.parse(await operator.kubectl(['get', 'csr', '--output=json'])) as { items: readonly SigningRequest[] };
  return items
    .filter(({ spec }) => spec.signerName === 'kubernetes.io/kube-apiserver-client-kubelet' && spec.username === `system:node:${node}`)
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .map(({ metadata, status }) => {
      const approved = status.conditions?.find(({ type }) => type === 'Approved')?.reason;
      const certificate = status.certificate && Buffer.from(status.certificate, 'base64').toString('utf8');
      return { name: metadata.name, ...(approved && { approved }), ...(certificate && { certificate }) };
    });
}

/** PEM of the client certificate that kubelet uses now: its file without the key. */
export async function kubeletCertificate(host: Host): Promise<string> {
  return `${(await host.sh('openssl x509 -in /var/lib/kubelet/pki/kubelet-client-current.pem')).trim()}\n`;
}
