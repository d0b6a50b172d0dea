// The programs and container images that this node brings from elsewhere, with their digests: kubekiln-fetch and kubekiln-images read it line by line.
import type { PlannedBinary, PlannedFile, PlannedImage } from '../plan/node-plan.ts';
import type { Architecture, Cluster, Node } from '../spec/cluster.ts';
import { IMAGES_UNIT } from './bundled.ts';
import { BINARIES_FILE } from './locations.ts';

/** What uname -m says. */
const MACHINES: Readonly<Record<Architecture, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

export interface ProgramTable {
  readonly architecture: Architecture;
  /** Lines that say where everything comes from. */
  readonly from: readonly string[];
  readonly binaries: readonly PlannedBinary[];
  readonly images: readonly PlannedImage[];
  /** Hex SHA-256 by the source of a download, `sha256:…` by the name of an image; what has none gets `-`. */
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * `machine M`, `mirror URL` in the order in which they are tried, or `bundle DIRECTORY`; `file SHA256 PATH UNIT,… MEMBER SOURCE` (MEMBER of a gzipped tar archive,
 * or `-`); `image ARCHITECTURE DIGEST NAME`.
 */
export function programTable({ architecture, from, binaries, images, digests }: ProgramTable): string {
  const lines = [
    `machine ${MACHINES[architecture]}`,
    ...from,
    ...binaries.flatMap(({ path, download, restarts = [] }) =>
      download === undefined
        ? []
        : [`file ${digests.get(download.source) ?? '-'} ${path} ${restarts.join(',') || '-'} ${download.member ?? '-'} ${download.source}`],
    ),
    ...images.map(({ image }) => `image ${architecture} ${digests.get(image) ?? '-'} ${image}`),
  ];
  return lines.map(line => `${line}\n`).join('');
}

/** @param digests as in a ProgramTable; images are listed where they come from a bundle */
export function binariesFile(
  cluster: Cluster,
  node: Node,
  binaries: readonly PlannedBinary[],
  digests: ReadonlyMap<string, string>,
  images: readonly PlannedImage[],
): readonly PlannedFile[] {
  const { source, urls } = cluster.binaries;
  if (source === 'image') return [];
  const bundled = source === 'bundle';
  const content = programTable({
    architecture: node.architecture,
    from: bundled ? [`bundle ${cluster.bundle.directory}`] : urls.map(url => `mirror ${url}`),
    binaries,
    images: bundled ? images : [],
    digests,
  });
  return [
    { path: BINARIES_FILE, mode: 0o644, owner: 'root', content, part: 'config', secret: false, restarts: bundled ? [IMAGES_UNIT] : [] },
  ];
}
