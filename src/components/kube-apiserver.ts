// kube-apiserver: on every control-plane node, in front of that node's own etcd.
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
import { dumpYaml } from '../formats/yaml.ts';
import type { CertificateRequest } from '../pki/request.ts';
import type { Component, Contribution, PlanContext } from '../plan/node-plan.ts';
import type { Cluster, Node } from '../spec/cluster.ts';
import { credential, type DaemonFile, type Flag, planDaemon } from './daemon-unit.ts';
import { encryptionConfiguration } from './encryption-config.ts';
import { httpsUrl } from './etcd.ts';
import { ETCD_CLIENT_PORT } from './locations.ts';
import { authorityFile, clientRequest, leafFiles, serviceAccountFiles, subjectAlternativeNames } from './pki-files.ts';
import { kubernetesBinary } from './programs.ts';

export const KUBELET_CLIENT_NAME = 'kube-apiserver-kubelet-client';
export const FRONT_PROXY_CLIENT_NAME = 'front-proxy-client';

/** TLS 1.2 suites with forward secrecy and AEAD, the CIS benchmark's list (1.2.29) without duplicates of TLS 1.3, which Go does not configure. */
export const CIPHER_SUITES = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
];

/** Flags with which a daemon lets the API server vouch for a user (aggregation layer); the CA is one of its own, see the API server's release note of 1.35. */
export const REQUEST_HEADER_FLAGS: readonly Flag[] = [
  ['requestheader-client-ca-file', credential('front-proxy-ca.crt')],
  ['requestheader-allowed-names', FRONT_PROXY_CLIENT_NAME],
  ['requestheader-username-headers', 'X-Remote-User'],
  ['requestheader-group-headers', 'X-Remote-Group'],
  ['requestheader-extra-headers-prefix', 'X-Remote-Extra-'],
];

/** `https://kubernetes.default.svc.<dnsDomain>`: fixed at creation, since every service-account token names it. */
export function serviceAccountIssuer(cluster: Cluster): string {
  return `https://kubernetes.default.svc.${cluster.networking.dnsDomain}`;
}

const ADMISSION_FILE = 'admission.yaml';

function servingRequest(node: Node, cluster: Cluster): CertificateRequest {
  const names = [
    node.name,
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${cluster.networking.dnsDomain}`,
    'localhost',
    ...cluster.networking.kubernetesServiceIPs,
    ...node.addresses,
    '127.0.0.1',
    '::1',
    ...(cluster.controlPlaneEndpoint ? [cluster.controlPlaneEndpoint.host] : []),
    ...cluster.apiServer.certSANs,
    ...node.certSANs,
  ];
  return {
    name: `${node.name}/apiserver`,
    authority: 'kubernetes',
    commonName: 'kube-apiserver',
    organizations: [],
    usages: ['serverAuth'],
    ...subjectAlternativeNames(names),
  };
}

const kubeletClientRequest = (node: Node) => clientRequest(`${node.name}/apiserver-kubelet-client`, 'kubernetes', KUBELET_CLIENT_NAME);
const etcdClientRequest = (node: Node) => clientRequest(`${node.name}/apiserver-etcd-client`, 'etcd', 'kube-apiserver-etcd-client');
const frontProxyRequest = (node: Node) => clientRequest(`${node.name}/front-proxy-client`, 'front-proxy', FRONT_PROXY_CLIENT_NAME);

function configurationFiles({ cluster, credentials }: PlanContext): readonly DaemonFile[] {
  const directory = cluster.paths.configuration;
  const { admission } = cluster.apiServer;
  return [
    {
      id: 'encryption-config.yaml',
      path: `${directory}/encryption-config.yaml`,
      content: dumpYaml(encryptionConfiguration(cluster.encryption, credentials.encryptionKeys)),
      secret: true,
    },
    { id: 'audit-policy.yaml', path: `${directory}/audit-policy.yaml`, content: dumpYaml(cluster.apiServer.auditPolicy) },
    ...(admission.configuration === undefined
      ? []
      : [
          {
            id: ADMISSION_FILE,
            path: `${directory}/${ADMISSION_FILE}`,
            content: dumpYaml(admission.configuration),
            // An operator's own file may hold anything.
            part: admission.file === undefined ? ('runtime' as const) : ('config' as const),
          },
        ]),
    ...cluster.apiServer.extraFiles.map(({ name, content }) => ({ id: name, path: `${directory}/${name}`, content })),
  ];
}

function flags({ cluster, node }: PlanContext): readonly Flag[] {
  const { apiServer, networking } = cluster;
  const { admission } = apiServer;
  const serviceAccount = credential('sa.pub');
  const ownAuthentication = apiServer.extraFiles.some(file => file.flag === 'authentication-config');
  return [
    ['advertise-address', node.address],
    ...(node.addresses.some(address => address.includes(':')) ? [['bind-address', '::'] satisfies Flag] : []),
    ['secure-port', String(apiServer.bindPort)],
    // It serves on for as long as load balancers need to see that it is leaving; then it ends watches, for which it would otherwise wait a minute.
    ['shutdown-delay-duration', `${apiServer.shutdownDelay}s`],
    ['shutdown-watch-termination-grace-period', '5s'],
    ['tls-cert-file', credential('apiserver.crt')],
    ['tls-private-key-file', credential('apiserver.key')],
    ['tls-min-version', 'VersionTLS12'],
    ['tls-cipher-suites', CIPHER_SUITES.join(',')],
    ['client-ca-file', credential('ca.crt')],
    // An AuthenticationConfiguration decides about anonymous requests itself; the flag beside it is refused.
    ...(ownAuthentication ? [] : [['anonymous-auth', 'false'] satisfies Flag]),
    ['authorization-mode', 'Node,RBAC'],
    ['enable-admission-plugins', admission.enabled.join(',')],
    ...(admission.disabled.length === 0 ? [] : [['disable-admission-plugins', admission.disabled.join(',')] satisfies Flag]),
    ...(admission.configuration === undefined ? [] : [['admission-control-config-file', credential(ADMISSION_FILE)] satisfies Flag]),
    ['allow-privileged', 'true'],
    ['etcd-servers', httpsUrl('127.0.0.1', ETCD_CLIENT_PORT)],
    ['etcd-cafile', credential('etcd-ca.crt')],
    ['etcd-certfile', credential('apiserver-etcd-client.crt')],
    ['etcd-keyfile', credential('apiserver-etcd-client.key')],
    ['encryption-provider-config', credential('encryption-config.yaml')],
    ['kubelet-certificate-authority', credential('ca.crt')],
    ['kubelet-client-certificate', credential('apiserver-kubelet-client.crt')],
    ['kubelet-client-key', credential('apiserver-kubelet-client.key')],
    ['kubelet-preferred-address-types', 'InternalIP,ExternalIP,Hostname'],
    ['proxy-client-cert-file', credential('front-proxy-client.crt')],
    ['proxy-client-key-file', credential('front-proxy-client.key')],
    ...REQUEST_HEADER_FLAGS,
    ['service-account-issuer', serviceAccountIssuer(cluster)],
    ['service-account-key-file', serviceAccount],
    ['service-account-signing-key-file', credential('sa.key')],
    ['service-account-extend-token-expiration', 'false'],
    ['service-cluster-ip-range', networking.serviceSubnets.map(subnet => subnet.cidr).join(',')],
    ['service-node-port-range', networking.nodePortRange],
    ['audit-policy-file', credential('audit-policy.yaml')],
    ['audit-log-path', `${cluster.paths.logs}/kube-apiserver/audit.log`],
    ['audit-log-maxage', '30'],
    ['audit-log-maxbackup', '10'],
    ['audit-log-maxsize', '100'],
    ['profiling', 'false'],
    ...apiServer.extraFiles.map(({ flag, name }): Flag => [flag, credential(name)]),
  ];
}

export const kubeApiserver: Component = {
  name: 'kube-apiserver',
  runsOn: node => node.role === 'control-plane',
  certificates: (node, cluster) => [
    servingRequest(node, cluster),
    kubeletClientRequest(node),
    etcdClientRequest(node),
    frontProxyRequest(node),
  ],
  plan(context): Contribution {
    const { cluster, node } = context;
    const user = cluster.users['kube-apiserver'];
    const serviceAccount = serviceAccountFiles(context);
    return {
      ...planDaemon({
        name: 'kube-apiserver',
        description: 'Kubernetes API server',
        user,
        binary: `${cluster.paths.binaries}/kube-apiserver`,
        type: 'notify',
        after: ['etcd.service'],
        files: [
          authorityFile(context, 'kubernetes'),
          authorityFile(context, 'etcd'),
          authorityFile(context, 'front-proxy'),
          ...leafFiles(context, servingRequest(node, cluster)),
          ...leafFiles(context, kubeletClientRequest(node)),
          ...leafFiles(context, etcdClientRequest(node)),
          ...leafFiles(context, frontProxyRequest(node)),
          serviceAccount.public,
          serviceAccount.signing,
          ...configurationFiles(context),
        ],
        flags: flags(context),
        settings: cluster.apiServer,
        // It starts only when etcd answers, and etcd may wait for days.
        startTimeout: 'infinity',
        // After the delay it finishes what it was asked (--request-timeout is a minute).
        stopSeconds: Math.ceil(cluster.apiServer.shutdownDelay) + 60,
        restartSeconds: 2,
        openFiles: 1048576,
        writes: [{ path: `${cluster.paths.logs}/kube-apiserver`, mode: 0o700, owner: user.name }],
      }),
      binaries: [kubernetesBinary(context, 'kube-apiserver', ['kube-apiserver.service'])],
    };
  },
};
