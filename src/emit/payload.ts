// A NodePlan as the directory that every carrier delivers: /var/lib/kubekiln/payload/<generation>/ on the node. Carriers only wrap it, so that
// cloud-init, seed ISO and tarball bring the same bytes under the same digest.

import type { Part, PlannedTool } from '../plan/node-plan.ts';
import type { Node, RuntimeSource, UserDataPart } from '../spec/cluster.ts';

export interface PayloadEntry {
  /** Relative to the payload directory: `plan`, `files/etc/kubernetes/pki/ca.crt`, `.complete` (always the last). */
  readonly path: string;
  /** 0600 or, for programs, 0700: the staging directory is root's alone; the installer sets the final mode. */
  readonly mode: number;
  readonly content: string;
  readonly part: Part;
  readonly secret: boolean;
}

/** The units that restart when a file changes on a running node. */
export interface FileRestarts {
  /** Absolute, on the node. */
  readonly path: string;
  readonly units: readonly string[];
}

export interface Payload {
  readonly clusterName: string;
  readonly node: Node;
  readonly generation: number;
  /** cloud-init's instance-id: stays for the machine's life. */
  readonly instanceId: string;
  /** Hex SHA-256 over `plan` and then every file in the plan's order; also the content of `.complete`. */
  readonly digest: string;
  /** Absolute directory on the node where a carrier must lay the entries. */
  readonly directory: string;
  readonly entries: readonly PayloadEntry[];
  /** Shell script that cloud-init runs at every boot before write_files (bootcmd): prepares the directory, repairs a half-written one, starts the installer. */
  readonly bootScript: string;
  /** The same for user-data that brings the entries as one archive: it unpacks `<directory>.tar` first. */
  readonly packedBootScript: string;
  /** What the operator adds to user-data; neither in the payload nor under its digest. */
  readonly parts: readonly UserDataPart[];
  /** Whether user-data brings the runtime part as well, or what brings it instead. */
  readonly runtime: RuntimeSource;
  /** What ./install --apply restarts; the tarball alone brings it. */
  readonly restarts: readonly FileRestarts[];
  /** Beside the payload in the tarball, not under its digest. */
  readonly tools: readonly PlannedTool[];
}

/** What user-data brings of a payload; the tarball always brings all of it. */
export function carriedEntries({ entries, runtime }: Payload): readonly PayloadEntry[] {
  return runtime === 'inline' ? entries : entries.filter(entry => entry.part !== 'runtime');
}

/** Mode of a staged file: only root reads it there. */
export function stagedMode(mode: number): number {
  return (mode & 0o100) === 0 ? 0o600 : 0o700;
}
