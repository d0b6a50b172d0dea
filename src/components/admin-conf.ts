// The operator's kubeconfig: it stays with the operator and never reaches a node.
import { invariant } from '../bug.ts';
import { type KubeconfigTarget, kubeconfig } from '../formats/kubeconfig.ts';
import type { Credentials } from '../pki/request.ts';
import { type Cluster, controlPlaneNodes } from '../spec/cluster.ts';
import { ADMIN_REQUEST } from './bootstrap.ts';
import { httpsUrl } from './etcd.ts';

/** admin.conf, self-contained: certificates and key are embedded. It dials the endpoint, or has one context per control-plane node. */
export function adminConf(cluster: Cluster, credentials: Credentials): string {
  const pair = credentials.leaves.get(ADMIN_REQUEST.name);
  invariant(pair, 'no certificate was issued for the operator');
  return kubeconfig({
    clusterName: cluster.name,
    ...apiServers(cluster),
    user: ADMIN_REQUEST.commonName,
    certificateAuthority: { pem: credentials.authorities.kubernetes.bundle },
    clientCertificate: { pem: pair.certificate },
    clientKey: { pem: pair.key },
  });
}

/** Where an operator reaches the API: the endpoint, or each control-plane node. */
export function apiServers(
  cluster: Cluster,
): { readonly server: string } | { readonly contexts: readonly [KubeconfigTarget, ...KubeconfigTarget[]] } {
  const { controlPlaneEndpoint: endpoint } = cluster;
  if (endpoint) return { server: httpsUrl(endpoint.host, endpoint.port) };
  const [first, ...others] = controlPlaneNodes(cluster).map(node => ({
    name: node.name,
    server: httpsUrl(node.address, cluster.apiServer.bindPort),
  }));
  invariant(first, 'a cluster without a control-plane node passed the rules');
  return { contexts: [first, ...others] };
}
