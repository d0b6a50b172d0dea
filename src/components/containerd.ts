// containerd: the container runtime of every node. https://github.com/containerd/containerd/blob/main/docs/cri/config.md
import type { Component, Contribution, PlanContext } from '../plan/node-plan.ts';
import type { Arg, Cluster } from '../spec/cluster.ts';
import { coreDnsImage } from './coredns.ts';
import { planNodeDaemon } from './node-daemon.ts';
import { containerdProgram } from './programs.ts';
import { REGISTRIES_DIRECTORY, registryFiles, toml } from './registries.ts';

export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
export const CNI_CONFIGURATION_DIRECTORY = '/etc/cni/net.d';
export const CNI_PLUGIN_DIRECTORY = '/opt/cni/bin';
const CONFIGURATION_FILE = '/etc/containerd/config.toml';

/**
 * The cluster's own images, however they came to the node: with the label that containerd then gives them, kubelet's garbage collection passes them
 * over, used or not. The keys are names for readers. https://kubernetes.io/docs/concepts/architecture/garbage-collection/#container-image-lifecycle
 */
function pinnedImages(cluster: Cluster): readonly string[] {
  const coredns = cluster.dns.disabled ? [] : [`coredns = ${toml(coreDnsImage(cluster))}`];
  return [`sandbox = ${toml(cluster.containerd.sandboxImage)}`, ...coredns];
}

/**
 * containerd 2 also reads the second version of its configuration, containerd 1.7 nothing newer: releases that run with both get that one.
 */
function configuration({ cluster, node }: PlanContext): string {
  const { sandboxImage, configurationVersion } = cluster.containerd;
  const old = configurationVersion === 2;
  const images = old ? 'io.containerd.grpc.v1.cri' : 'io.containerd.cri.v1.images';
  const runtime = old ? 'io.containerd.grpc.v1.cri' : 'io.containerd.cri.v1.runtime';
  const systemdCgroup = node.kubeletConfiguration.cgroupDriver !== 'cgroupfs';
  return [
    `version = ${configurationVersion}`,
    'imports = ["/etc/containerd/conf.d/*.toml"]',
    ...(old
      ? [
          `[plugins."${images}"]`,
          `sandbox_image = ${toml(sandboxImage)}`,
          // The default of containerd 2: pods that are not root's bind port 53, as CoreDNS does.
          'enable_unprivileged_ports = true',
        ]
      : [`[plugins."${images}".pinned_images]`, ...pinnedImages(cluster)]),
    `[plugins."${images}".registry]`,
    `config_path = ${toml(REGISTRIES_DIRECTORY)}`,
    `[plugins."${runtime}".containerd.runtimes.runc]`,
    'runtime_type = "io.containerd.runc.v2"',
    `[plugins."${runtime}".containerd.runtimes.runc.options]`,
    `SystemdCgroup = ${systemdCgroup}`,
    '',
  ].join('\n');
}

/** Reached without the proxy: whatever is inside the cluster. Nodes are not listed one by one, so that a new one changes no other. */
function proxyVariables({ proxyEnvironment: proxy, networking }: Cluster): readonly Arg[] {
  const { httpProxy, httpsProxy } = proxy;
  if (httpProxy === undefined && httpsProxy === undefined) return [];
  const subnets = [...networking.serviceSubnets, ...networking.podSubnets].map(subnet => subnet.cidr);
  const noProxy = ['localhost', '127.0.0.1', '::1', ...subnets, '.svc', `.${networking.dnsDomain}`, ...proxy.noProxy];
  return [
    ...(httpProxy === undefined ? [] : [{ name: 'HTTP_PROXY', value: httpProxy }]),
    ...(httpsProxy === undefined ? [] : [{ name: 'HTTPS_PROXY', value: httpsProxy }]),
    { name: 'NO_PROXY', value: noProxy.join(',') },
  ];
}

export const containerd: Component = {
  name: 'containerd',
  runsOn: () => true,
  images: ({ containerd }) => [{ image: containerd.sandboxImage, usedBy: 'containerd, for the sandbox of every pod' }],
  plan(context): Contribution {
    const { cluster, node, credentials } = context;
    const { binaries } = cluster.paths;
    return {
      ...planNodeDaemon({
        name: 'containerd',
        description: 'Container runtime',
        part: 'runtime',
        binary: `${binaries}/containerd`,
        type: 'notify',
        after: [],
        flags: [['config', CONFIGURATION_FILE]],
        // runc and the shim are looked up by name: one may come with the distribution, the other not.
        environment: [{ name: 'PATH', value: `${binaries}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin` }, ...proxyVariables(cluster)],
        files: [{ path: CONFIGURATION_FILE, mode: 0o644, content: configuration(context) }, ...registryFiles(cluster, credentials)],
        restartSeconds: 5,
        // Containers live in cgroups below this unit's and outlive its restart.
        unitSettings: ['Delegate=yes', 'KillMode=process', 'LimitNPROC=infinity', 'TasksMax=infinity'],
      }),
      binaries: [
        {
          path: `${binaries}/containerd`,
          description: `containerd ${cluster.containerd.configurationVersion === 2 ? '1.7 or 2' : '2'}`,
          download: containerdProgram(node, 'containerd'),
          restarts: ['containerd.service'],
        },
        {
          path: `${binaries}/containerd-shim-runc-v2`,
          description: 'containerd-shim-runc-v2 of the same containerd',
          download: containerdProgram(node, 'containerd-shim-runc-v2'),
        },
        { path: 'runc', description: 'runc 1.1 or later' },
      ],
      modules: ['overlay'],
    };
  },
};
