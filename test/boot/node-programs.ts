// The programs of a node that runs pods, from the cache, and where a host has them.
import { join } from 'node:path';
import { ensureBinaries, ensureEtcd, ensureKubernetes, KUBERNETES_VERSION, programsOf } from './cache.ts';

export const CONTAINERD_VERSION = 'v2.4.2';
/** The older line, which kubelet takes up to 1.35. */
export const CONTAINERD_1_VERSION = 'v1.7.35';
export const CNI_PLUGINS_VERSION = 'v1.9.1';
export const FLANNEL_VERSION = 'v0.28.10';

/** Everything that a node of that version may need: path on the host to path on this machine. */
export async function programsOfHost(
  kubernetesVersion = KUBERNETES_VERSION,
  containerdVersion = CONTAINERD_VERSION,
): Promise<ReadonlyMap<string, string>> {
  const controlPlane = programsOf(await ensureEtcd(), await ensureKubernetes(kubernetesVersion));
  return new Map([...controlPlane, ...(await nodePrograms(kubernetesVersion, containerdVersion))]);
}

/** Path on the host to path on this machine of kubelet, kube-proxy, containerd, the CNI plugins and flanneld; built when they are not there. */
export async function nodePrograms(
  kubernetesVersion = KUBERNETES_VERSION,
  containerdVersion = CONTAINERD_VERSION,
): Promise<ReadonlyMap<string, string>> {
  const kubernetes = await ensureKubernetesNode(kubernetesVersion);
  const containerd = await ensureBinaries('containerd', containerdVersion, 'about two minutes');
  const plugins = await ensureBinaries('cni-plugins', CNI_PLUGINS_VERSION, 'seconds');
  const flannel = await ensureBinaries('flannel', FLANNEL_VERSION, 'about a minute');
  const from = (directory: string, to: string, names: readonly string[]) =>
    names.map(name => [`${to}/${name}`, join(directory, name)] as const);
  return new Map([
    ...from(kubernetes, '/usr/local/bin', ['kubelet', 'kube-proxy']),
    ...from(containerd, '/usr/local/bin', ['containerd', 'containerd-shim-runc-v2', 'ctr']),
    ...from(plugins, '/opt/cni/bin', ['bridge', 'host-local', 'loopback', 'portmap']),
    ...from(flannel, '/usr/local/bin', ['flanneld']),
  ]);
}

/** Directory with kubelet and kube-proxy of that version. */
export function ensureKubernetesNode(version = KUBERNETES_VERSION): Promise<string> {
  return ensureBinaries('kubernetes-node', version, 'a minute after the control plane, four alone');
}
