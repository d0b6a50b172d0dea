// What a bundle of a cluster must hold. It needs no keys: the runtime archive, programs and images depend on none.
import { type RuntimeArchive, runtimeArchive } from '../emit/runtime-archive.ts';
import type { Lock } from '../pki/lock-file.ts';
import { binaryDigests, imageDigest, urlOf } from '../pki/pins.ts';
import { downloadUsers } from '../plan/download-users.ts';
import { listArtifacts, namesOnly } from '../plan/list-artifacts.ts';
import type { BinaryDownload } from '../plan/node-plan.ts';
import { planCluster, runtimeFiles } from '../plan/plan-cluster.ts';
import type { Problem } from '../problem.ts';
import type { Architecture, Cluster } from '../spec/cluster.ts';

export interface WantedProgram extends BinaryDownload {
  /** Hex, of the file as upstream publishes it; absent where the lock pins none. */
  readonly sha256?: string;
  readonly usedBy: string;
}

export interface WantedImage {
  readonly image: string;
  readonly architecture: Architecture;
  /** `sha256:…`; absent where neither the name nor the lock has one. */
  readonly digest?: string;
  readonly usedBy: string;
}

export interface Wanted {
  readonly runtime: RuntimeArchive;
  readonly programs: readonly WantedProgram[];
  readonly images: readonly WantedImage[];
}

/** Architectures of a cluster's nodes, sorted. */
export function architecturesOf(cluster: Cluster): readonly Architecture[] {
  return [...new Set(cluster.nodes.map(node => node.architecture))].sort();
}

/** @param architectures only what nodes of these need */
export function wantedOf(cluster: Cluster, lock: Lock | undefined, architectures: readonly Architecture[]): Wanted {
  const digests = binaryDigests(lock);
  const plans = planCluster(cluster, namesOnly(cluster), digests);
  const users = downloadUsers(plans);
  const { downloads, images } = listArtifacts(cluster, plans);
  return {
    runtime: runtimeArchive(plans, runtimeFiles(cluster)),
    programs: downloads
      .filter(({ architecture }) => architectures.includes(architecture))
      .map(download => {
        const sha256 = digests.get(download.source);
        return { ...download, usedBy: users.get(download.source) ?? '', ...(sha256 !== undefined && { sha256 }) };
      }),
    images: architectures.flatMap(architecture =>
      images.map(({ image, usedBy }) => {
        const digest = imageDigest(lock, image);
        return { image, architecture, usedBy, ...(digest !== undefined && { digest }) };
      }),
    ),
  };
}

/** One problem that names all that the lock does not pin. */
export function unpinned({ programs, images }: Wanted): readonly Problem[] {
  const open = [
    ...programs.filter(({ sha256 }) => sha256 === undefined).map(({ source }) => urlOf(source)),
    ...new Set(images.filter(({ digest }) => digest === undefined).map(({ image }) => image)),
  ];
  if (open.length === 0) return [];
  return [
    {
      severity: 'error',
      code: 'digest-missing',
      path: [],
      message: `cluster.lock.yaml pins no digest of ${open.length} of the programs and images that the bundle is to hold`,
      hint: 'kubekiln fetch brings them, and pins what came',
      details: open,
    },
  ];
}
