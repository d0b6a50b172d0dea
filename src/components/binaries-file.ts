// The programs that this node downloads, with their digests: kubekiln-fetch reads it line by line.
import type { PlannedBinary, PlannedFile } from '../plan/node-plan.ts';
import type { Architecture, Cluster, Node } from '../spec/cluster.ts';
import { BINARIES_FILE } from './locations.ts';

/** What uname -m says. */
const MACHINES: Readonly<Record<Architecture, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/**
 * `machine M`, `mirror URL` in the order in which they are tried, `file SHA256 PATH UNIT,… MEMBER SOURCE` (MEMBER of a gzipped tar archive, or `-`).
 * @param digests hex SHA-256 by the source of a download
 */
export function binariesFile(
  cluster: Cluster,
  node: Node,
  binaries: readonly PlannedBinary[],
  digests: ReadonlyMap<string, string>,
): readonly PlannedFile[] {
  if (cluster.binaries.source !== 'mirror') return [];
  const lines = [
    `machine ${MACHINES[node.architecture]}`,
    ...cluster.binaries.urls.map(url => `mirror ${url}`),
    ...binaries.flatMap(({ path, download, restarts = [] }) =>
      download === undefined
        ? []
        : [`file ${digests.get(download.source) ?? '-'} ${path} ${restarts.join(',') || '-'} ${download.member ?? '-'} ${download.source}`],
    ),
  ];
  const content = lines.map(line => `${line}\n`).join('');
  return [{ path: BINARIES_FILE, mode: 0o644, owner: 'root', content, part: 'config', secret: false, restarts: [] }];
}
