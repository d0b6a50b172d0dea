// kube-controller-manager: on every control-plane node; one of them leads by its Lease.
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
import type { Component, Contribution, PlanContext } from '../plan/node-plan.ts';
import type { Cluster, Node } from '../spec/cluster.ts';
import { daemonKubeconfig } from './component-kubeconfig.ts';
import { credential, type Flag, planDaemon } from './daemon-unit.ts';
import { CIPHER_SUITES, REQUEST_HEADER_FLAGS } from './kube-apiserver.ts';
import { authorityFile, authorityKeyFile, clientRequest, leafFiles, loopbackServerRequest, serviceAccountFiles } from './pki-files.ts';
import { kubernetesBinary } from './programs.ts';

const USER = 'system:kube-controller-manager';
const clientOf = (node: Node) => clientRequest(`${node.name}/controller-manager`, 'kubernetes', USER);
const serverOf = (node: Node) => loopbackServerRequest(node, 'controller-manager-server', 'kube-controller-manager');

/** Left out where it is the default of kube-controller-manager. One family knows only the flag without a number. */
function nodeMasks({ podSubnets, nodeMaskSizes }: Cluster['networking']): readonly Flag[] {
  const changed = podSubnets.filter(({ family }) => nodeMaskSizes[family] !== (family === 4 ? 24 : 64));
  const suffix = (family: 4 | 6) => (podSubnets.length > 1 ? `-ipv${family}` : '');
  return changed.map(({ family }): Flag => [`node-cidr-mask-size${suffix(family)}`, String(nodeMaskSizes[family])]);
}

function flags({ cluster, credentials }: PlanContext): readonly Flag[] {
  const { networking } = cluster;
  const kubeconfig = credential('controller-manager.conf');
  // Without the cluster CA's key (offline signer) nothing can sign a CSR: the signing controllers would fail at start.
  const signs = credentials.authorities.kubernetes.key !== undefined;
  return [
    ['kubeconfig', kubeconfig],
    ['authentication-kubeconfig', kubeconfig],
    ['authorization-kubeconfig', kubeconfig],
    ['bind-address', '127.0.0.1'],
    ['tls-cert-file', credential('controller-manager-server.crt')],
    ['tls-private-key-file', credential('controller-manager-server.key')],
    ['tls-min-version', 'VersionTLS12'],
    ['tls-cipher-suites', CIPHER_SUITES.join(',')],
    ['client-ca-file', credential('ca.crt')],
    ...REQUEST_HEADER_FLAGS,
    ['cluster-name', cluster.name],
    ['allocate-node-cidrs', 'true'],
    ['cluster-cidr', networking.podSubnets.map(subnet => subnet.cidr).join(',')],
    ...nodeMasks(networking),
    ['service-cluster-ip-range', networking.serviceSubnets.map(subnet => subnet.cidr).join(',')],
    ['root-ca-file', credential('ca.crt')],
    ...(signs
      ? ([
          ['cluster-signing-cert-file', credential('ca.crt')],
          ['cluster-signing-key-file', credential('ca.key')],
        ] satisfies Flag[])
      : ([['controllers', '*,-certificatesigningrequest-signing-controller']] satisfies Flag[])),
    ['service-account-private-key-file', credential('sa.key')],
    ['use-service-account-credentials', 'true'],
    ['leader-elect', 'true'],
    ['profiling', 'false'],
    ['terminated-pod-gc-threshold', '12500'],
  ];
}

export const kubeControllerManager: Component = {
  name: 'kube-controller-manager',
  runsOn: node => node.role === 'control-plane',
  certificates: node => [clientOf(node), serverOf(node)],
  plan(context): Contribution {
    const { cluster, node } = context;
    const key = authorityKeyFile(context, 'kubernetes');
    return {
      ...planDaemon({
        name: 'kube-controller-manager',
        description: 'Kubernetes controller manager',
        user: cluster.users['kube-controller-manager'],
        binary: `${cluster.paths.binaries}/kube-controller-manager`,
        type: 'exec',
        after: ['kube-apiserver.service'],
        files: [
          authorityFile(context, 'kubernetes'),
          ...(key === undefined ? [] : [key]),
          authorityFile(context, 'front-proxy'),
          ...leafFiles(context, clientOf(node)),
          ...leafFiles(context, serverOf(node)),
          serviceAccountFiles(context).signing,
          daemonKubeconfig(context, 'controller-manager'),
        ],
        flags: flags(context),
        settings: cluster.controllerManager,
        startTimeout: '90s',
        restartSeconds: 2,
        openFiles: 65536,
        writes: [],
      }),
      binaries: [kubernetesBinary(context, 'kube-controller-manager', ['kube-controller-manager.service'])],
    };
  },
};
