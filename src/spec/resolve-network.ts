// Pod network, Services and DNS of the resolved cluster: the defaults that their schema cannot state.
import type { Cluster, KubernetesVersion } from './cluster.ts';
import { coreDnsTag } from './kubernetes-releases.ts';
import { type ClusterDocument, DEFAULT_IMAGE_REPOSITORY } from './schema.ts';

type SpecDocument = ClusterDocument['spec'];
type NetworkSettings = Pick<Cluster, 'podNetwork' | 'proxy' | 'kubeProxyConfiguration' | 'dns'>;

export function networkSettings(spec: SpecDocument, version: KubernetesVersion): NetworkSettings {
  const { type, backend, mtu } = spec.podNetwork;
  return {
    podNetwork: type === 'none' ? { type } : { type, backend, ...(mtu !== undefined && { mtu }) },
    proxy: spec.proxy,
    kubeProxyConfiguration: spec.kubeProxyConfiguration ?? {},
    dns: {
      ...spec.dns,
      imageRepository: spec.dns.imageRepository ?? dnsRepository(spec.imageRepository),
      imageTag: spec.dns.imageTag ?? coreDnsTag(version),
    },
  };
}

/** kubeadm's rule: the image moved one directory down in the registry of Kubernetes, but not in copies of it. */
function dnsRepository(imageRepository: string): string {
  return imageRepository === DEFAULT_IMAGE_REPOSITORY ? `${imageRepository}/coredns` : imageRepository;
}
