// kubelet: on every node. https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/
import { dumpYaml } from '../formats/yaml.ts';
import type { CertificateRequest } from '../pki/request.ts';
import type { Component, Contribution, PlanContext } from '../plan/node-plan.ts';
import type { Node } from '../spec/cluster.ts';
import { agentKubeconfig } from './component-kubeconfig.ts';
import { CONTAINERD_SOCKET } from './containerd.ts';
import { CIPHER_SUITES } from './kube-apiserver.ts';
import { libraryProgram } from './library.ts';
import { LOCAL_PROXY_UNIT } from './local-proxy.ts';
import { LIBRARY_DIRECTORY } from './locations.ts';
import { planNodeDaemon } from './node-daemon.ts';
import { authorityFile, clientRequest, leafFiles } from './pki-files.ts';
import { kubernetesBinary } from './programs.ts';
import { type Mapping, withOperatorsKeys } from './typed-configuration.ts';

const CONFIGURATION_FILE = '/var/lib/kubelet/config.yaml';
/** Written by kubekiln-kubelet-prepare before each start. */
const RESOLV_CONF = '/run/kubekiln/resolv.conf';
const PREPARE = 'kubekiln-kubelet-prepare';
/** What kubelet reads: kubelet.conf with its certificate and key embedded. A kubeconfig that refers to files has no fallback once a rotated certificate has ended. Not `kubeconfig`: CIS 4.1.3 would take it for kube-proxy's. */
const KUBECONFIG = '/var/lib/kubelet/kubelet.conf';
/** A label that a node may give itself; the control plane turns it into the role, which a node may not claim. */
export const ROLE_LABEL = 'kubekiln/role';

const NODES_GROUP = 'system:nodes';
const userOf = (node: Node) => `system:node:${node.name}`;
const clientOf = (node: Node) => clientRequest(`${node.name}/kubelet-client`, 'kubernetes', userOf(node), [NODES_GROUP]);

/** What the API server dials: `kubernetes.io/kubelet-serving`'s names, https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/ */
function serverOf(node: Node): CertificateRequest {
  return {
    name: `${node.name}/kubelet`,
    authority: 'kubernetes',
    commonName: userOf(node),
    organizations: [NODES_GROUP],
    usages: ['serverAuth'],
    dnsNames: [node.name],
    ipAddresses: node.addresses,
  };
}

/** https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
function configuration({ cluster, node }: PlanContext): Mapping {
  const { networking, paths } = cluster;
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${paths.pki}/ca.crt` },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'systemd',
    clusterDNS: networking.dnsServiceIPs,
    clusterDomain: networking.dnsDomain,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    // A machine may have swap; pods get none of it.
    failSwapOn: false,
    memorySwap: { swapBehavior: 'NoSwap' },
    kubeReserved: { cpu: '100m', memory: '256Mi', 'ephemeral-storage': '1Gi' },
    systemReserved: { cpu: '100m', memory: '256Mi', 'ephemeral-storage': '1Gi' },
    maxParallelImagePulls: 4,
    serializeImagePulls: false,
    podPidsLimit: 4096,
    protectKernelDefaults: true,
    readOnlyPort: 0,
    registerWithTaints: node.taints,
    resolvConf: RESOLV_CONF,
    rotateCertificates: true,
    seccompDefault: true,
    shutdownGracePeriod: '60s',
    shutdownGracePeriodCriticalPods: '20s',
    tlsCertFile: `${paths.pki}/kubelet.crt`,
    tlsPrivateKeyFile: `${paths.pki}/kubelet.key`,
    tlsCipherSuites: CIPHER_SUITES,
    tlsMinVersion: 'VersionTLS12',
  };
}

function labels(node: Node): string {
  const all = { [ROLE_LABEL]: node.role, ...node.labels };
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** What answers where this node dials: kubelet comes after it, so that a starting control plane has the machine to itself. */
function apiServerUnits({ cluster, node }: PlanContext): readonly string[] {
  if (node.role === 'control-plane') return ['kube-apiserver.service'];
  return cluster.loadBalancer.type === 'localProxy' ? [LOCAL_PROXY_UNIT] : [];
}

export const kubelet: Component = {
  name: 'kubelet',
  runsOn: () => true,
  certificates: node => [clientOf(node), serverOf(node)],
  plan(context): Contribution {
    const { cluster, node } = context;
    const { paths } = cluster;
    const kubeconfig = agentKubeconfig(context, 'kubelet', clientOf(node));
    const planned = planNodeDaemon({
      name: 'kubelet',
      description: 'Kubernetes node agent',
      binary: `${paths.binaries}/kubelet`,
      type: 'notify',
      after: ['containerd.service', ...apiServerUnits(context)],
      flags: [
        ['config', CONFIGURATION_FILE],
        ['kubeconfig', KUBECONFIG],
        // Clouds invent host names; the certificate has the node's.
        ['hostname-override', node.name],
        ['node-ip', node.addresses.join(',')],
        ['node-labels', labels(node)],
      ],
      extraArgs: node.kubeletExtraArgs,
      files: [
        { path: CONFIGURATION_FILE, content: dumpYaml(withOperatorsKeys(configuration(context), node.kubeletConfiguration)) },
        kubeconfig,
        ...leafFiles(context, clientOf(node)),
        authorityFile(context, 'kubernetes'),
        ...leafFiles(context, serverOf(node)),
      ],
      startPre: [`${LIBRARY_DIRECTORY}/${PREPARE} ${kubeconfig.path} ${KUBECONFIG}`],
      restartSeconds: 5,
      // Mounts and processes of pods outlive a restart of kubelet. No UMask: what it makes inside volumes must be open to containers that are not root's.
      unitSettings: ['KillMode=process', 'CPUAccounting=yes', 'MemoryAccounting=yes', 'StateDirectory=kubelet'],
    });
    return {
      ...planned,
      files: [...planned.files, libraryProgram(PREPARE, ['kubelet.service'])],
      binaries: [kubernetesBinary(context, 'kubelet', ['kubelet.service'])],
    };
  },
};
