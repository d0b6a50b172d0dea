// Paths on the node that more than one component names.

/** Everything of kubekiln's own that changes at run time: the staged and the installed payload, status.json, markers. */
export const STATE_DIRECTORY = '/var/lib/kubekiln';
/** Where a carrier lays payloads, one directory per generation. */
export const STAGING_DIRECTORY = `${STATE_DIRECTORY}/payload`;
/** Programs and manifests that are the same on all nodes. libexec: where SELinux expects programs (bin_t). */
export const LIBRARY_DIRECTORY = '/usr/local/libexec/kubekiln';
export const NODE_ENV_FILE = '/etc/kubekiln/node.env';
export const UNIT_DIRECTORY = '/etc/systemd/system';
export const TARGET_UNIT = 'kubekiln.target';

/** curl's configuration for mirrors (curl(1), --config). Paths in it are relative: curl runs in the payload's files/, or in /. */
export const DOWNLOAD_SETTINGS_FILE = '/etc/kubekiln/downloads.conf';

/** Programs that the node downloads. */
export const BINARIES_FILE = '/etc/kubekiln/binaries';

export function unitPath(unit: string): string {
  return `${UNIT_DIRECTORY}/${unit}`;
}

export const ETCD_CLIENT_PORT = 2379;
export const ETCD_PEER_PORT = 2380;

/** The places that carriers share with the installer. */
export const NODE_LAYOUT = {
  stateDirectory: STATE_DIRECTORY,
  stagingDirectory: STAGING_DIRECTORY,
  libraryDirectory: LIBRARY_DIRECTORY,
  downloadSettings: DOWNLOAD_SETTINGS_FILE,
} as const;
