// The machine image as data: what all nodes have in common, without any of them.
import { imageClient, imageFiles, imageTable, imageTools } from '../components/machine-image.ts';
import type { Architecture, Cluster } from '../spec/cluster.ts';
import { namesOnly } from './list-artifacts.ts';
import type { PlannedBinary, PlannedFile, PlannedImage, PlannedTool } from './node-plan.ts';
import { imagesOf, planCluster } from './plan-cluster.ts';

export interface ImagePlan {
  readonly clusterName: string;
  readonly kubernetesVersion: string;
  /** Those of the nodes, sorted. */
  readonly machines: readonly MachinePlan[];
  readonly images: readonly PlannedImage[];
  /** Of the operating system. */
  readonly files: readonly PlannedFile[];
  /** Commands and settings beside the tables. */
  readonly tools: readonly PlannedTool[];
}

export interface MachinePlan {
  readonly architecture: Architecture;
  /** Of every role, by path. */
  readonly binaries: readonly PlannedBinary[];
  /** What kubekiln-fetch reads. */
  readonly table: string;
}

/** @param digests hex SHA-256 of downloads by their source, `sha256:…` of images by their names */
export function planImage(cluster: Cluster, digests: ReadonlyMap<string, string>): ImagePlan {
  const architectures = [...new Set(cluster.nodes.map(node => node.architecture))].sort();
  const images = imagesOf(cluster);
  return {
    clusterName: cluster.name,
    kubernetesVersion: cluster.version.text,
    machines: architectures.map(architecture => {
      const binaries = binariesOf(cluster, architecture);
      return { architecture, binaries, table: imageTable(cluster, architecture, binaries, images, digests) };
    }),
    images,
    files: imageFiles(cluster),
    tools: imageTools(cluster),
  };
}

/** Of a node of each role, whether the cluster has one today or not: an image outlives the node that is added next. */
function binariesOf(cluster: Cluster, architecture: Architecture): readonly PlannedBinary[] {
  const nodes = cluster.nodes
    .slice(0, 1)
    .flatMap(node => (['control-plane', 'worker'] as const).map(role => ({ ...node, name: `any-${role}`, role, architecture })));
  const both = { ...cluster, nodes };
  const planned = planCluster(both, namesOnly(both)).flatMap(({ binaries }) => binaries);
  const clients = planned.flatMap(({ download }) => (download?.name === 'containerd' ? [imageClient(cluster, download)] : []));
  const byPath = new Map([...clients, ...planned].map(binary => [binary.path, binary] as const));
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
