// Pod network, Services and DNS of the resolved cluster: the defaults that their schema cannot state.
import type { Cluster, KubernetesVersion } from './cluster.ts';
import { coreDnsTag } from './kubernetes-releases.ts';
import { type ClusterDocument, DEFAULT_IMAGE_REPOSITORY } from './schema.ts';

type SpecDocument = ClusterDocument['spec'];
type NetworkSettings = Pick<Cluster, 'podNetwork' | 'proxy' | 'kubeProxyConfiguration' | 'metadataService' | 'dns'>;

/** As cloud-init's data sources have them; 169.254.169.254 is everybody's. */
const METADATA_ADDRESSES = [
  '169.254.169.254',
  // Azure: the wire server hands out what machines are made of, too
  '168.63.129.16',
  // Amazon, Google, Linode, Oracle
  'fd00:ec2::254',
  'fd20:ce::254',
  'fd00:a9fe:a9fe::1',
  'fd00:c1::a9fe:a9fe',
];

export function networkSettings(spec: SpecDocument, version: KubernetesVersion): NetworkSettings {
  const { type, backend, mtu } = spec.podNetwork;
  return {
    podNetwork: type === 'none' ? { type } : { type, backend, ...(mtu !== undefined && { mtu }) },
    proxy: spec.proxy,
    kubeProxyConfiguration: spec.kubeProxyConfiguration ?? {},
    metadataService: {
      podAccess: spec.metadataService.podAccess,
      addresses: [...new Set(spec.metadataService.addresses ?? METADATA_ADDRESSES)],
    },
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
