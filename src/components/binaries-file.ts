// The programs and container images that this node brings from elsewhere, with their digests: kubekiln-fetch and kubekiln-images read it line by line.
import type { PlannedBinary, PlannedFile, PlannedImage } from '../plan/node-plan.ts';
import type { Architecture, Cluster, Node } from '../spec/cluster.ts';
import { IMAGES_UNIT } from './bundled.ts';
import { BINARIES_FILE } from './locations.ts';

/** What uname -m says. */
const MACHINES: Readonly<Record<Architecture, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/**
 * `machine M`, `mirror URL` in the order in which they are tried, or `bundle DIRECTORY`; `file SHA256 PATH UNIT,… MEMBER SOURCE` (MEMBER of a gzipped tar archive,
 * or `-`); with a bundle `image ARCHITECTURE DIGEST NAME`.
 * @param digests hex SHA-256 by the source of a download, `sha256:…` by the name of an image
 */
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
  const lines = [
    `machine ${MACHINES[node.architecture]}`,
    ...(bundled ? [`bundle ${cluster.bundle.directory}`] : urls.map(url => `mirror ${url}`)),
    ...binaries.flatMap(({ path, download, restarts = [] }) =>
      download === undefined
        ? []
        : [`file ${digests.get(download.source) ?? '-'} ${path} ${restarts.join(',') || '-'} ${download.member ?? '-'} ${download.source}`],
    ),
    ...(bundled ? images.map(({ image }) => `image ${node.architecture} ${digests.get(image) ?? '-'} ${image}`) : []),
  ];
  const content = lines.map(line => `${line}\n`).join('');
  return [
    { path: BINARIES_FILE, mode: 0o644, owner: 'root', content, part: 'config', secret: false, restarts: bundled ? [IMAGES_UNIT] : [] },
  ];
}
