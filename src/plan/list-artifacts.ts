// What a cluster needs from outside, without its keys: planned with credentials that hold names only.
import { COMPONENTS } from '../components/components.ts';
import { mapLazily } from '../map-lazily.ts';
import type { AuthorityName, Credentials } from '../pki/request.ts';
import type { Cluster } from '../spec/cluster.ts';
import type { BinaryDownload, PlannedBinary, PlannedImage } from './node-plan.ts';
import { certificateRequests, planCluster } from './plan-cluster.ts';

export interface ClusterArtifacts {
  /** One per download, sorted by source. */
  readonly downloads: readonly BinaryDownload[];
  /** Programs that only the distribution brings, by path. */
  readonly packages: readonly PlannedBinary[];
  /** Each once, in the order in which components name them. */
  readonly images: readonly PlannedImage[];
}

export function listArtifacts(cluster: Cluster): ClusterArtifacts {
  const binaries = [...mapLazily(planCluster(cluster, namesOnly(cluster)), plan => plan.binaries)].flat();
  const downloads = new Map(binaries.flatMap(({ download }) => (download ? [[download.source, download] as const] : [])));
  const packages = new Map(binaries.flatMap(binary => (binary.download ? [] : [[binary.path, binary] as const])));
  return {
    downloads: [...downloads].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, download]) => download),
    packages: [...packages].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, binary]) => binary),
    images: plannedImages(cluster),
  };
}

export function plannedImages(cluster: Cluster): readonly PlannedImage[] {
  const images = COMPONENTS.flatMap(component => component.images?.(cluster) ?? []);
  return images.filter(({ image }, place) => place === images.findIndex(other => other.image === image));
}

/** Which programs a node needs depends on no key. */
function namesOnly(cluster: Cluster): Credentials {
  const authority = (name: AuthorityName) => ({ bundle: `${name}\n`, certificate: `${name}\n`, key: `${name}\n`, notAfter: 0 });
  const requests = certificateRequests(cluster);
  const keys = cluster.encryption.flatMap(rule => rule.providers).flatMap(provider => ('keys' in provider ? provider.keys : []));
  return {
    authorities: { kubernetes: authority('kubernetes'), etcd: authority('etcd'), 'front-proxy': authority('front-proxy') },
    serviceAccount: { publicKeys: '\n', signingKey: '\n' },
    encryptionKeys: new Map(keys.map(name => [name, name])),
    leaves: new Map(requests.map(({ name }) => [name, { certificate: `${name}\n`, key: `${name}\n`, notBefore: 0, notAfter: 0 }])),
    etcdClusterToken: cluster.name,
    bootstrapBefore: 0,
    nodes: new Map(cluster.nodes.map(({ name }) => [name, { generation: 1, instance: 1 }])),
    downloads: [],
    registries: [],
  };
}
