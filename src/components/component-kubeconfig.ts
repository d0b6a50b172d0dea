// Kubeconfigs of daemons. On a control-plane node they dial its own API server, so that version skew stays legal while nodes are upgraded one by one.
import { invariant } from '../bug.ts';
import { kubeconfig } from '../formats/kubeconfig.ts';
import type { CertificateRequest } from '../pki/request.ts';
import type { PlanContext } from '../plan/node-plan.ts';
import type { DaemonFile } from './daemon-unit.ts';
import { httpsUrl } from './etcd.ts';
import type { AgentFile } from './node-daemon.ts';
import { authorityFile, leafFiles } from './pki-files.ts';

export function localApiServer({ cluster }: PlanContext): string {
  return httpsUrl('127.0.0.1', cluster.apiServer.bindPort);
}

/** What everything on this node dials: its own API server, or on a worker the local proxy or the operator's load balancer. */
export function ownApiServer(context: PlanContext): string {
  const { cluster, node } = context;
  if (node.role === 'control-plane') return localApiServer(context);
  if (cluster.loadBalancer.type === 'localProxy') return httpsUrl('127.0.0.1', cluster.loadBalancer.bindPort);
  const { controlPlaneEndpoint: endpoint } = cluster;
  invariant(endpoint, 'an external load balancer without an endpoint passed the rules');
  return httpsUrl(endpoint.host, endpoint.port);
}

/** A name within the file, and the same in each: who the client is, its certificate says. */
const USER = 'self';

/** `<name>.conf` of an agent that runs as root and reads the files of its leaf where they stand. */
export function agentKubeconfig(context: PlanContext, name: string, request: CertificateRequest): AgentFile {
  const { cluster } = context;
  const [certificate, key] = leafFiles(context, request);
  return {
    path: `${cluster.paths.configuration}/${name}.conf`,
    content: kubeconfig({
      clusterName: cluster.name,
      server: ownApiServer(context),
      user: USER,
      certificateAuthority: { file: authorityFile(context, request.authority).path },
      clientCertificate: { file: certificate.path },
      clientKey: { file: key.path },
    }),
  };
}

/** `<name>.conf`, whose file references are the siblings that LoadCredential= puts beside it. */
export function daemonKubeconfig(context: PlanContext, name: string): DaemonFile {
  return {
    id: `${name}.conf`,
    path: `${context.cluster.paths.configuration}/${name}.conf`,
    content: kubeconfig({
      clusterName: context.cluster.name,
      server: localApiServer(context),
      user: USER,
      certificateAuthority: { file: 'ca.crt' },
      clientCertificate: { file: `${name}.crt` },
      clientKey: { file: `${name}.key` },
    }),
  };
}
