// kube-proxy: Services on every node. https://kubernetes.io/docs/reference/command-line-tools-reference/kube-proxy/
import { dumpYaml } from '../formats/yaml.ts';
import type { Component, Contribution, PlanContext } from '../plan/node-plan.ts';
import type { Node } from '../spec/cluster.ts';
import { agentKubeconfig } from './component-kubeconfig.ts';
import { NETWORK_AGENT_SETTINGS, packetFilter } from './network-agent.ts';
import { planNodeDaemon } from './node-daemon.ts';
import { authorityFile, clientRequest, leafFiles } from './pki-files.ts';
import { kubernetesBinary } from './programs.ts';
import { type Mapping, withOperatorsKeys } from './typed-configuration.ts';

/** Kubernetes itself binds this user to ClusterRole system:node-proxier. */
const USER = 'system:kube-proxy';
const clientOf = (node: Node) => clientRequest(`${node.name}/kube-proxy`, 'kubernetes', USER);

/** https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/ */
function configuration({ cluster, node }: PlanContext, kubeconfig: string): Mapping {
  const { podSubnets } = cluster.networking;
  const [primary] = podSubnets;
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    // By its family kube-proxy tells on which addresses its health is asked for.
    ...(primary?.family === 6 && { bindAddress: '::' }),
    clientConnection: { kubeconfig },
    clusterCIDR: podSubnets.map(subnet => subnet.cidr).join(','),
    // In a container the limit belongs to the host, and kube-proxy ends when it may not write it; the kernel's own grows with memory.
    conntrack: { maxPerCore: 0 },
    hostnameOverride: node.name,
    // CIS 4.3.1
    metricsBindAddress: '127.0.0.1:10249',
    mode: 'nftables',
  };
}

export const kubeProxy: Component = {
  name: 'kube-proxy',
  runsOn: (_, cluster) => !cluster.proxy.disabled,
  certificates: node => [clientOf(node)],
  plan(context): Contribution {
    const { cluster, node } = context;
    const binary = `${cluster.paths.binaries}/kube-proxy`;
    // CIS 4.1.3 looks for this name.
    const kubeconfig = agentKubeconfig(context, 'proxy', clientOf(node));
    const configurationFile = `${cluster.paths.configuration}/kube-proxy.yaml`;
    return {
      ...planNodeDaemon({
        name: 'kube-proxy',
        description: 'Kubernetes Service proxy',
        binary,
        type: 'exec',
        // It asks for its Node object, which kubelet makes.
        after: ['kubelet.service'],
        flags: [['config', configurationFile]],
        files: [
          {
            path: configurationFile,
            content: dumpYaml(withOperatorsKeys(configuration(context, kubeconfig.path), cluster.kubeProxyConfiguration)),
          },
          kubeconfig,
          authorityFile(context, 'kubernetes'),
          ...leafFiles(context, clientOf(node)),
        ],
        restartSeconds: 2,
        unitSettings: NETWORK_AGENT_SETTINGS,
      }),
      binaries: [kubernetesBinary(context, 'kube-proxy', ['kube-proxy.service']), packetFilter(cluster.kubeProxyConfiguration)],
    };
  },
};
