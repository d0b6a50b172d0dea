// Programs that are not of the distribution: where upstream publishes them. A mirror has each at the same address without its scheme.
import type { BinaryDownload, PlanContext, PlannedBinary } from '../plan/node-plan.ts';
import type { Cluster, Node } from '../spec/cluster.ts';

/** https://kubernetes.io/releases/download/ */
function kubernetesProgram({ version }: Cluster, { architecture }: Node, name: string): BinaryDownload {
  return { name, version: version.text, architecture, source: `dl.k8s.io/${version.text}/bin/linux/${architecture}/${name}` };
}

/** A program of the cluster's own release, at its place. */
export function kubernetesBinary(
  { cluster, node }: Pick<PlanContext, 'cluster' | 'node'>,
  name: string,
  restarts: readonly string[] = [],
): PlannedBinary {
  const download = kubernetesProgram(cluster, node, name);
  return { path: `${cluster.paths.binaries}/${name}`, description: `${name} ${cluster.version.text}`, download, restarts };
}

const ETCD_RELEASE = 'v3.6.16';

/** https://github.com/etcd-io/etcd/releases */
export function etcdProgram({ architecture }: Node, name: 'etcd' | 'etcdctl' | 'etcdutl'): BinaryDownload {
  const directory = `etcd-${ETCD_RELEASE}-linux-${architecture}`;
  const source = `github.com/etcd-io/etcd/releases/download/${ETCD_RELEASE}/${directory}.tar.gz`;
  return { name: 'etcd', version: ETCD_RELEASE, architecture, source, member: `${directory}/${name}` };
}

const CONTAINERD_RELEASE = '2.4.2';

/** https://github.com/containerd/containerd/releases */
export function containerdProgram({ architecture }: Node, name: string): BinaryDownload {
  const source = `github.com/containerd/containerd/releases/download/v${CONTAINERD_RELEASE}/containerd-${CONTAINERD_RELEASE}-linux-${architecture}.tar.gz`;
  return { name: 'containerd', version: `v${CONTAINERD_RELEASE}`, architecture, source, member: `bin/${name}` };
}

/** https://github.com/flannel-io/flannel/releases */
export function flannelProgram({ architecture }: Node, version: string): BinaryDownload {
  return {
    name: 'flanneld',
    version,
    architecture,
    source: `github.com/flannel-io/flannel/releases/download/${version}/flanneld-${architecture}`,
  };
}

/** https://github.com/containernetworking/plugins/releases */
export function cniPlugin({ architecture }: Node, version: string, name: string): BinaryDownload {
  const source = `github.com/containernetworking/plugins/releases/download/${version}/cni-plugins-linux-${architecture}-${version}.tgz`;
  return { name: 'cni-plugins', version, architecture, source, member: name };
}
