// The unit of an agent that every node runs as root (kubelet, containerd, …): it owns mounts, cgroups or the network of the machine, so the list of
// hardening.conf would break it; each agent states what it can do without. templates/node-daemon.service shows the result.
import { renderTemplate } from '../formats/mustache.ts';
import { environmentAssignment, execArgument, settingValue } from '../formats/systemd.ts';
import type { Part, PlannedFile, PlannedUnit } from '../plan/node-plan.ts';
import type { Arg } from '../spec/cluster.ts';
import { mergeFlags } from './daemon-unit.ts';
import { unitPath } from './locations.ts';

/** A file of a node agent, read where it stands: root needs no copy of it. */
export interface AgentFile {
  readonly path: string;
  /** default 0600 */
  readonly mode?: number;
  readonly content: string;
  /** Set where the file belongs to the identity; true where it holds a key. */
  readonly secret?: boolean;
  /** Of a file without `secret`: default config. */
  readonly part?: Part;
}

export interface NodeDaemon {
  /** Its process name, and the stem of its unit. */
  readonly name: string;
  readonly description: string;
  /** Of the unit file; default config. */
  readonly part?: Part;
  readonly binary: string;
  /** notify: the daemon tells systemd when it serves (sd_notify); exec: started is all that is known. */
  readonly type: 'notify' | 'exec';
  readonly after: readonly string[];
  readonly flags: readonly (readonly [name: string, value: string])[];
  readonly extraArgs?: readonly Arg[];
  readonly environment?: readonly Arg[];
  readonly files: readonly AgentFile[];
  /** Whole command lines, in systemd's syntax. */
  readonly startPre?: readonly string[];
  readonly startPost?: readonly string[];
  /** systemd's own start limit; default 90s */
  readonly startTimeout?: string;
  readonly restartSeconds: number;
  /** Lines of [Service]: what this agent can do without, and what it needs beyond the usual. */
  readonly unitSettings: readonly string[];
}

/** The unit file and the files of a node agent. The operator's extraArgs replace flags of ours of the same name, as kubeadm's do. */
export function planNodeDaemon(daemon: NodeDaemon): { files: PlannedFile[]; units: PlannedUnit[] } {
  const unit = `${daemon.name}.service`;
  const flags = mergeFlags(daemon.flags, daemon.extraArgs ?? []);
  const text = renderTemplate(
    'node-daemon.service',
    {
      description: daemon.description,
      after: daemon.after,
      type: daemon.type,
      environment: (daemon.environment ?? []).map(({ name, value }) => environmentAssignment(name, value)),
      startPre: daemon.startPre ?? [],
      binary: daemon.binary,
      arguments: flags.map(([name, value]) => execArgument(`--${name}=${value}`)),
      startPost: daemon.startPost ?? [],
      restartSeconds: daemon.restartSeconds,
      startTimeout: daemon.startTimeout ?? '90s',
      settings: daemon.unitSettings,
    },
    settingValue,
  );
  return {
    files: [
      // 0600: the CIS benchmark reads the kubelet's unit as it reads a manifest (rule 4.1.1).
      { path: unitPath(unit), mode: 0o600, owner: 'root', content: text, part: daemon.part ?? 'config', secret: false, restarts: [unit] },
      ...daemon.files.map(
        ({ path, mode, content, secret, part }): PlannedFile => ({
          path,
          mode: mode ?? 0o600,
          owner: 'root',
          content,
          part: secret === undefined ? (part ?? 'config') : 'identity',
          secret: secret ?? false,
          restarts: [unit],
        }),
      ),
    ],
    units: [{ name: unit, startedBy: 'target' }],
  };
}
