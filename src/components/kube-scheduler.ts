// kube-scheduler: on every control-plane node; one of them leads by its Lease.
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-scheduler/
import type { Component, Contribution } from '../plan/node-plan.ts';
import type { Node } from '../spec/cluster.ts';
import { daemonKubeconfig } from './component-kubeconfig.ts';
import { credential, type Flag, planDaemon } from './daemon-unit.ts';
import { CIPHER_SUITES, REQUEST_HEADER_FLAGS } from './kube-apiserver.ts';
import { authorityFile, clientRequest, leafFiles, loopbackServerRequest } from './pki-files.ts';
import { kubernetesBinary } from './programs.ts';

const USER = 'system:kube-scheduler';
const clientOf = (node: Node) => clientRequest(`${node.name}/scheduler`, 'kubernetes', USER);
const serverOf = (node: Node) => loopbackServerRequest(node, 'scheduler-server', 'kube-scheduler');
const kubeconfig = credential('scheduler.conf');

// --kubeconfig and --profiling are deprecated in favour of a configuration file, but the CIS benchmark reads them on the command line only.
const FLAGS: readonly Flag[] = [
  ['kubeconfig', kubeconfig],
  ['authentication-kubeconfig', kubeconfig],
  ['authorization-kubeconfig', kubeconfig],
  ['bind-address', '127.0.0.1'],
  ['tls-cert-file', credential('scheduler-server.crt')],
  ['tls-private-key-file', credential('scheduler-server.key')],
  ['tls-min-version', 'VersionTLS12'],
  ['tls-cipher-suites', CIPHER_SUITES.join(',')],
  ['client-ca-file', credential('ca.crt')],
  ...REQUEST_HEADER_FLAGS,
  ['leader-elect', 'true'],
  ['profiling', 'false'],
];

export const kubeScheduler: Component = {
  name: 'kube-scheduler',
  runsOn: node => node.role === 'control-plane',
  certificates: node => [clientOf(node), serverOf(node)],
  plan(context): Contribution {
    const { cluster, node } = context;
    return {
      ...planDaemon({
        name: 'kube-scheduler',
        description: 'Kubernetes scheduler',
        user: cluster.users['kube-scheduler'],
        binary: `${cluster.paths.binaries}/kube-scheduler`,
        type: 'exec',
        after: ['kube-apiserver.service'],
        files: [
          authorityFile(context, 'kubernetes'),
          authorityFile(context, 'front-proxy'),
          ...leafFiles(context, clientOf(node)),
          ...leafFiles(context, serverOf(node)),
          daemonKubeconfig(context, 'scheduler'),
        ],
        flags: FLAGS,
        settings: cluster.scheduler,
        startTimeout: '90s',
        restartSeconds: 2,
        openFiles: 65536,
        writes: [],
      }),
      binaries: [kubernetesBinary(context, 'kube-scheduler', ['kube-scheduler.service'])],
    };
  },
};
