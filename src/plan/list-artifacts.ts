// What a cluster needs from outside, without its keys: planned with credentials that hold names only.
import type { AuthorityName, Credentials } from '../pki/request.ts';
import type { Cluster } from '../spec/cluster.ts';
import type { BinaryDownload, NodePlan, PlannedBinary, PlannedImage } from './node-plan.ts';
import { certificateRequests, imagesOf, nodeOfEachKind, planNodes } from './plan-cluster.ts';

export interface ClusterArtifacts {
  /** One per download, sorted by source. */
  readonly downloads: readonly BinaryDownload[];
  /** Programs that only the distribution brings, by path. */
  readonly packages: readonly PlannedBinary[];
  /** Each once, in the order in which components name them. */
  readonly images: readonly PlannedImage[];
}

/** @param plans of nodes of each kind, where they are at hand already */
export function listArtifacts(cluster: Cluster, plans: readonly NodePlan[] = planKinds(cluster)): ClusterArtifacts {
  const binaries = plans.flatMap(plan => plan.binaries);
  const downloads = new Map(binaries.flatMap(({ download }) => (download ? [[download.source, download] as const] : [])));
  const packages = new Map(binaries.flatMap(binary => (binary.download ? [] : [[binary.path, binary] as const])));
  return {
    downloads: [...downloads].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, download]) => download),
    packages: [...packages].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, binary]) => binary),
    images: imagesOf(cluster),
  };
}

function planKinds(cluster: Cluster): readonly NodePlan[] {
  return [...planNodes(cluster, namesOnly(cluster), undefined, nodeOfEachKind(cluster))];
}

/** Which programs a node needs depends on no key. */
export function namesOnly(cluster: Cluster): Credentials {
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
