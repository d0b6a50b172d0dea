// The operating system under a node: kernel settings and modules that Kubernetes needs, limits that keep a disk from filling up, time, swap, firewall.
import type { Component, Contribution, PlannedFile } from '../plan/node-plan.ts';
import type { Cluster } from '../spec/cluster.ts';
import { kernelModules, ownFiles, sharedFiles } from './host-files.ts';
import { controlPlanePorts, nodePorts } from './host-ports.ts';
import { clusterProgram } from './library.ts';

/** What kube-proxy's mode needs of the kernel. https://kubernetes.io/docs/reference/node/kernel-version-requirements/ */
function leastKernel({ kubeProxyConfiguration, proxy }: Cluster): string {
  return proxy.disabled || kubeProxyConfiguration.mode === 'iptables' ? '4.19' : '5.13';
}

function preparation(cluster: Cluster): PlannedFile {
  const [all, controlPlane] = [nodePorts(cluster), controlPlanePorts(cluster)];
  return clusterProgram('kubekiln-host', {
    keepSwap: cluster.node.swap === 'keep',
    openFirewall: cluster.node.firewall === 'open',
    pods: cluster.networking.podSubnets.map(subnet => subnet.cidr).join(' '),
    ports: all.open.join(' '),
    listeners: all.listeners.join('|'),
    controlPlanePorts: controlPlane.open.join(' '),
    controlPlaneListeners: controlPlane.listeners.join('|'),
    kernel: leastKernel(cluster),
  });
}

export const host: Component = {
  name: 'host',
  runsOn: () => true,
  plan({ cluster, node }): Contribution {
    const file = (part: 'config' | 'runtime', { path, content }: { path: string; content: string }): PlannedFile => ({
      path,
      mode: 0o644,
      owner: 'root',
      content,
      part,
      secret: false,
      restarts: [],
    });
    return {
      files: [
        preparation(cluster),
        ...sharedFiles(cluster).map(each => file('runtime', each)),
        ...ownFiles(cluster, node).map(each => file('config', each)),
      ],
      modules: kernelModules(cluster),
    };
  },
};
