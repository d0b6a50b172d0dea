// etcd: one stacked member on each control-plane node. https://etcd.io/docs/v3.6/op-guide/configuration/
import type { CertificateRequest } from '../pki/request.ts';
import type { Component, Contribution, PlanContext } from '../plan/node-plan.ts';
import { type Cluster, controlPlaneNodes, type Node } from '../spec/cluster.ts';
import { credential, type Flag, planDaemon } from './daemon-unit.ts';
import { libraryProgram } from './library.ts';
import { ETCD_CLIENT_PORT, ETCD_PEER_PORT, LIBRARY_DIRECTORY } from './locations.ts';
import { authorityFile, clientRequest, leafFiles, subjectAlternativeNames } from './pki-files.ts';
import { etcdProgram } from './programs.ts';

export const ETCD_VERSION = 'v3.6';
const GUARD = `${LIBRARY_DIRECTORY}/kubekiln-etcd-guard`;
const QUOTA_BYTES = 4 * 1024 ** 3;

/** `https://10.0.1.11:2380`, with brackets around IPv6. */
export function httpsUrl(host: string, port: number): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `cp-1=https://10.0.1.11:2380,…`: every founding member. */
export function initialCluster(cluster: Cluster): string {
  return controlPlaneNodes(cluster)
    .map(node => `${node.name}=${httpsUrl(node.address, ETCD_PEER_PORT)}`)
    .join(',');
}

function serverRequest(node: Node, cluster: Cluster): CertificateRequest {
  // Both usages: etcd's own gateway dials itself with the server certificate (etcd-io/etcd#9785).
  const names = [node.name, 'localhost', ...node.addresses, '127.0.0.1', '::1', ...cluster.etcd.serverCertSANs];
  const common = { authority: 'etcd', commonName: node.name, organizations: [], usages: ['serverAuth', 'clientAuth'] } as const;
  return { name: `${node.name}/etcd/server`, ...common, ...subjectAlternativeNames(names) };
}

function peerRequest(node: Node, cluster: Cluster): CertificateRequest {
  const names = [node.name, 'localhost', ...node.addresses, '127.0.0.1', '::1', ...cluster.etcd.peerCertSANs];
  const common = { authority: 'etcd', commonName: node.name, organizations: [], usages: ['serverAuth', 'clientAuth'] } as const;
  return { name: `${node.name}/etcd/peer`, ...common, ...subjectAlternativeNames(names) };
}

function healthcheckRequest(node: Node): CertificateRequest {
  return clientRequest(`${node.name}/etcd/healthcheck-client`, 'etcd', 'kube-etcd-healthcheck-client');
}

function flags({ cluster, node, credentials }: PlanContext): readonly Flag[] {
  return [
    ['name', node.name],
    ['data-dir', cluster.etcd.dataDir],
    ['listen-client-urls', `${httpsUrl(node.address, ETCD_CLIENT_PORT)},${httpsUrl('127.0.0.1', ETCD_CLIENT_PORT)}`],
    ['advertise-client-urls', httpsUrl(node.address, ETCD_CLIENT_PORT)],
    ['listen-peer-urls', httpsUrl(node.address, ETCD_PEER_PORT)],
    ['initial-advertise-peer-urls', httpsUrl(node.address, ETCD_PEER_PORT)],
    ['initial-cluster', initialCluster(cluster)],
    ['initial-cluster-state', 'new'],
    ['initial-cluster-token', credentials.etcdClusterToken],
    ['cert-file', credential('etcd-server.crt')],
    ['key-file', credential('etcd-server.key')],
    ['client-cert-auth', 'true'],
    ['trusted-ca-file', credential('etcd-ca.crt')],
    ['peer-cert-file', credential('etcd-peer.crt')],
    ['peer-key-file', credential('etcd-peer.key')],
    ['peer-client-cert-auth', 'true'],
    ['peer-trusted-ca-file', credential('etcd-ca.crt')],
    // kube-apiserver compacts every five minutes; this is the net below it.
    ['auto-compaction-mode', 'periodic'],
    ['auto-compaction-retention', '8h'],
    ['quota-backend-bytes', String(QUOTA_BYTES)],
    ['feature-gates', 'InitialCorruptCheck=true'],
    ['watch-progress-notify-interval', '5s'],
  ];
}

export const etcd: Component = {
  name: 'etcd',
  runsOn: node => node.role === 'control-plane',
  certificates: (node, cluster) => [serverRequest(node, cluster), peerRequest(node, cluster), healthcheckRequest(node)],
  plan(context): Contribution {
    const { cluster, node } = context;
    const daemon = planDaemon({
      name: 'etcd',
      description: 'etcd, the store of Kubernetes',
      user: cluster.users.etcd,
      binary: `${cluster.paths.binaries}/etcd`,
      type: 'notify',
      after: [],
      files: [
        authorityFile(context, 'etcd'),
        ...leafFiles(context, serverRequest(node, cluster)),
        ...leafFiles(context, peerRequest(node, cluster)),
      ],
      flags: flags(context),
      settings: cluster.etcd,
      startPre: [`${GUARD} before-start`],
      startPost: [`${GUARD} joined`],
      // READY waits for a quorum of nodes that may boot days later.
      startTimeout: 'infinity',
      restartSeconds: 2,
      openFiles: 65536,
      writes: [{ path: cluster.etcd.dataDir, mode: 0o700, owner: cluster.users.etcd.name }],
      unitSettings: ['IOSchedulingClass=best-effort', 'IOSchedulingPriority=0'],
    });
    return {
      ...daemon,
      files: [
        ...daemon.files,
        libraryProgram('kubekiln-etcd-guard', ['etcd.service']),
        ...leafFiles(context, healthcheckRequest(node)).map(file => ({
          path: file.path,
          mode: 0o600,
          owner: 'root',
          content: file.content,
          part: 'identity' as const,
          secret: file.secret ?? false,
          restarts: [],
        })),
      ],
      binaries: [
        {
          path: `${cluster.paths.binaries}/etcd`,
          description: `etcd ${ETCD_VERSION}`,
          download: etcdProgram(node, 'etcd'),
          restarts: ['etcd.service'],
        },
        { path: `${cluster.paths.binaries}/etcdctl`, description: `etcdctl ${ETCD_VERSION}`, download: etcdProgram(node, 'etcdctl') },
        { path: '/usr/bin/curl', description: "the system's curl" },
      ],
    };
  },
};
