// Objects that a new cluster needs, and the operator's manifests after them, applied by a service on every control-plane node.

import { renderTemplate } from '../formats/mustache.ts';
import { dumpYaml } from '../formats/yaml.ts';
import type { CertificateRequest } from '../pki/request.ts';
import type { Component, Contribution } from '../plan/node-plan.ts';
import { KUBELET_CLIENT_NAME } from './kube-apiserver.ts';
import { libraryProgram } from './library.ts';
import { LIBRARY_DIRECTORY, unitPath } from './locations.ts';
import { clientRequest } from './pki-files.ts';
import { kubernetesBinary } from './programs.ts';
import { clusterRoleBinding } from './rbac.ts';

export const BOOTSTRAP_UNIT = 'kubekiln-bootstrap.service';
/** kubeadm's group for operators (since 1.29): cluster-admin by a binding, so that it can be taken away, unlike system:masters. */
export const ADMIN_GROUP = 'kubeadm:cluster-admins';

const OPERATORS: readonly object[] = [
  clusterRoleBinding('kubeadm:cluster-admins', 'cluster-admin', { kind: 'Group', name: ADMIN_GROUP }),
  // Without it exec, logs and port-forward answer "Forbidden" (kubernetes/kubernetes#138957).
  clusterRoleBinding('kubeadm:apiserver-kubelet-client', 'system:kubelet-api-admin', { kind: 'User', name: KUBELET_CLIENT_NAME }),
  clusterRoleBinding(
    'kubeadm:node-autoapprove-certificate-rotation',
    'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    { kind: 'Group', name: 'system:nodes' },
  ),
];

/** What the script remembers in the cluster: the generation whose objects are in place. */
export const BOOTSTRAP_RECORDS: readonly object[] = ['kubekiln', 'kubekiln-addons'].map(name => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'kube-system' },
}));

/** The operator's certificate of admin.conf: it never reaches a node. */
export const ADMIN_REQUEST: CertificateRequest = clientRequest('operator/admin', 'kubernetes', 'kubernetes-admin', [ADMIN_GROUP]);

export const bootstrap: Component = {
  name: 'kubekiln-bootstrap',
  runsOn: node => node.role === 'control-plane',
  objects: () => OPERATORS,
  plan({ cluster, node, objects }): Contribution {
    const common = { owner: 'root', part: 'runtime', secret: false } as const;
    const restarts = [BOOTSTRAP_UNIT];
    return {
      files: [
        libraryProgram('kubekiln-bootstrap', restarts),
        {
          path: `${LIBRARY_DIRECTORY}/bootstrap-objects.yaml`,
          mode: 0o644,
          content: objects.map(object => `---\n${dumpYaml(object)}`).join(''),
          restarts,
          ...common,
        },
        {
          path: unitPath(BOOTSTRAP_UNIT),
          mode: 0o644,
          content: renderTemplate(BOOTSTRAP_UNIT, { library: LIBRARY_DIRECTORY }, value => value),
          restarts,
          ...common,
        },
      ],
      units: [{ name: BOOTSTRAP_UNIT, startedBy: 'target' }],
      binaries: [kubernetesBinary({ cluster, node }, 'kubectl'), { path: '/usr/bin/openssl', description: 'openssl (package openssl)' }],
    };
  },
};
