// The unit of a daemon that needs no right on its machine (control plane, local proxy): a user of its own, keys as credentials, hardened; templates/daemon.service shows the result.
import { renderTemplate } from '../formats/mustache.ts';
import { CREDENTIALS_DIRECTORY, environmentAssignment, execArgument, settingValue } from '../formats/systemd.ts';
import type { Part, PlannedDirectory, PlannedFile, PlannedUnit, PlannedUser } from '../plan/node-plan.ts';
import type { Arg, ComponentSettings, DaemonUser, UnprivilegedDaemon } from '../spec/cluster.ts';
import { unitPath } from './locations.ts';

/** Value of a flag that is the path of a credential, seen by the daemon as a copy that PID 1 made at start (systemd.exec(5), LoadCredential=). */
export interface CredentialPath {
  readonly credential: string;
}

export type Flag = readonly [name: string, value: string | CredentialPath];

export function credential(id: string): CredentialPath {
  return { credential: id };
}

/** A file that the daemon reads through LoadCredential=. */
export interface DaemonFile {
  /** File name below $CREDENTIALS_DIRECTORY. */
  readonly id: string;
  readonly path: string;
  readonly content: string;
  readonly secret?: boolean;
  /** Of a file without `secret`: default config. */
  readonly part?: Part;
}

export interface Daemon {
  readonly name: UnprivilegedDaemon;
  readonly description: string;
  /** Of the unit file; default config. */
  readonly part?: Part;
  readonly user: DaemonUser;
  readonly binary: string;
  /** notify: the daemon tells systemd when it serves (sd_notify); exec: started is all that is known. */
  readonly type: 'notify' | 'exec';
  readonly after: readonly string[];
  readonly files: readonly DaemonFile[];
  /** Words of the command line before the flags, written as systemd reads them. */
  readonly words?: string;
  readonly flags: readonly Flag[];
  readonly settings: ComponentSettings;
  readonly startPre?: readonly string[];
  readonly startPost?: readonly string[];
  /** systemd's own start limit: `infinity` where READY waits for other nodes. */
  readonly startTimeout: string;
  /** Seconds that a stop may take before systemd kills the daemon; default 30. */
  readonly stopSeconds?: number;
  readonly restartSeconds: number;
  readonly openFiles: number;
  /** Directories that the daemon owns and writes. */
  readonly writes: readonly PlannedDirectory[];
  readonly unitSettings?: readonly string[];
}

/** Flags in their final form: the operator's extraArgs replace ours of the same name (kubeadm's rule), in the place of the first. */
export function mergeFlags<Value>(
  flags: readonly (readonly [name: string, value: Value])[],
  extraArgs: readonly Arg[],
): readonly (readonly [name: string, value: Value | string])[] {
  const overridden = new Set(extraArgs.map(arg => arg.name));
  return [...flags.filter(([name]) => !overridden.has(name)), ...extraArgs.map(({ name, value }) => [name, value] as const)];
}

function argument([name, value]: Flag): string {
  return typeof value === 'string'
    ? execArgument(`--${name}=${value}`)
    : `--${name}=${CREDENTIALS_DIRECTORY}/${execArgument(value.credential)}`;
}

// StateDirectory= and LogsDirectory= create, own and open a directory in one word, but only below their fixed roots.
const MANAGED: readonly (readonly [root: string, setting: string])[] = [
  ['/var/lib/', 'StateDirectory'],
  ['/var/log/', 'LogsDirectory'],
];

function directorySettings(directory: PlannedDirectory): readonly string[] {
  for (const [root, setting] of MANAGED) {
    if (!directory.path.startsWith(root)) continue;
    return [`${setting}=${directory.path.slice(root.length)}`, `${setting}Mode=0${directory.mode.toString(8)}`];
  }
  return [`ReadWritePaths=${directory.path}`];
}

/** The unit file, the files that it loads, the user and the directories of a daemon. */
export function planDaemon(daemon: Daemon): {
  files: PlannedFile[];
  units: PlannedUnit[];
  users: PlannedUser[];
  directories: PlannedDirectory[];
} {
  const unit = `${daemon.name}.service`;
  const text = renderTemplate(
    'daemon.service',
    {
      description: daemon.description,
      after: daemon.after,
      type: daemon.type,
      user: daemon.user.name,
      credentials: daemon.files.map(({ id, path }) => ({ id, path })),
      environment: daemon.settings.extraEnvs.map(({ name, value }) => environmentAssignment(name, value)),
      startPre: daemon.startPre ?? [],
      binary: daemon.binary,
      arguments: [
        ...(daemon.words === undefined ? [] : [daemon.words]),
        ...mergeFlags(daemon.flags, daemon.settings.extraArgs).map(argument),
      ],
      startPost: daemon.startPost ?? [],
      restartSeconds: daemon.restartSeconds,
      startTimeout: daemon.startTimeout,
      stopSeconds: daemon.stopSeconds ?? 30,
      openFiles: daemon.openFiles,
      settings: [...daemon.writes.flatMap(directorySettings), ...(daemon.unitSettings ?? [])],
    },
    settingValue,
  );
  return {
    files: [
      // 0600: the CIS benchmark reads a unit as it reads a static pod's manifest (rules 1.1.1 to 1.1.8).
      { path: unitPath(unit), mode: 0o600, owner: 'root', content: text, part: daemon.part ?? 'config', secret: false, restarts: [unit] },
      ...daemon.files.map(
        (file): PlannedFile => ({
          path: file.path,
          mode: 0o600,
          owner: 'root',
          content: file.content,
          part: file.secret === undefined ? (file.part ?? 'config') : 'identity',
          secret: file.secret ?? false,
          restarts: [unit],
        }),
      ),
    ],
    units: [{ name: unit, startedBy: 'target' }],
    users: [{ name: daemon.user.name, uid: daemon.user.uid, home: '/nonexistent' }],
    directories: [...daemon.writes],
  };
}
