// What a machine image holds before any node is known: programs, settings of the operating system, and the commands that bake and check it.
import { renderTemplate } from '../formats/mustache.ts';
import type { BinaryDownload, PlannedBinary, PlannedFile, PlannedImage, PlannedTool } from '../plan/node-plan.ts';
import type { Architecture, Cluster } from '../spec/cluster.ts';
import { programTable } from './binaries-file.ts';
import { downloadSettings } from './downloads.ts';
import { sharedFiles } from './host-files.ts';
import { programText } from './library.ts';
import { BINARIES_FILE, DOWNLOAD_SETTINGS_FILE, LIBRARY_DIRECTORY, NODE_ENV_FILE, STATE_DIRECTORY, UNIT_DIRECTORY } from './locations.ts';

/** Where the image holds its own description; the runtime archive stands in it as well. */
export const IMAGE_DIRECTORY = '/usr/local/share/kubekiln';
/** The check, as a command of the image. */
export const IMAGE_CHECK = '/usr/local/sbin/kubekiln-check-image';

/** In front of a source, it makes the address at which upstream has it. */
const UPSTREAM = 'https:/';

/** Programs and container images for images of one architecture, as kubekiln-fetch reads it. Whom a node restarts does not matter here. */
export function imageTable(
  cluster: Cluster,
  architecture: Architecture,
  binaries: readonly PlannedBinary[],
  images: readonly PlannedImage[],
  digests: ReadonlyMap<string, string>,
): string {
  const { urls } = cluster.binaries;
  const from = (urls.length > 0 ? urls : [UPSTREAM]).map(url => `mirror ${url}`);
  return programTable({ architecture, from, binaries: binaries.map(binary => ({ ...binary, restarts: [] })), images, digests });
}

/** containerd's client: it brings container images into the image's store. */
export function imageClient(cluster: Cluster, containerd: BinaryDownload): PlannedBinary {
  const member = 'bin/ctr';
  return { path: `${cluster.paths.binaries}/ctr`, description: 'ctr of the same containerd', download: { ...containerd, member } };
}

/**
 * Settings that are the same on all nodes and hold without one: from the image they count from the first moment of the first boot, before kubekiln runs.
 * Units are not among them: nothing of kubekiln starts by itself on a machine that is no node.
 */
export function imageFiles(cluster: Cluster): readonly PlannedFile[] {
  return sharedFiles(cluster).map(({ path, content }) => ({
    ...{ path, content, mode: 0o644, owner: 'root', part: 'runtime', secret: false, restarts: [] },
  }));
}

/** Commands and settings that stand beside the tables. */
export function imageTools(cluster: Cluster): readonly PlannedTool[] {
  const view = {
    state: STATE_DIRECTORY,
    library: LIBRARY_DIRECTORY,
    units: UNIT_DIRECTORY,
    nodeEnv: NODE_ENV_FILE,
    binariesFile: BINARIES_FILE,
    settings: DOWNLOAD_SETTINGS_FILE,
    image: IMAGE_DIRECTORY,
    check: IMAGE_CHECK,
    binaries: cluster.paths.binaries,
    configuration: cluster.paths.configuration,
    pki: cluster.paths.pki,
    etcd: cluster.etcd.dataDir,
  };
  const script = (name: string) => ({ name, content: renderTemplate(`image-${name}.sh`, view, value => value) });
  const { certificateAuthority } = cluster.downloads;
  return [
    script('bake'),
    script('check'),
    { name: 'kubekiln-fetch', content: programText('kubekiln-fetch') },
    { name: 'downloads.conf', content: downloadSettings(cluster) },
    ...(certificateAuthority ? [{ name: 'downloads-ca.pem', content: certificateAuthority.content }] : []),
  ];
}
