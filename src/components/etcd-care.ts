// Care of a node's own etcd member, by timers: snapshots, and defragmentation when it pays. The work is done by templates/kubekiln-etcd-care.sh.
// https://etcd.io/docs/v3.6/op-guide/maintenance/
import { renderTemplate } from '../formats/mustache.ts';
import { settingValue } from '../formats/systemd.ts';
import type { Component, Contribution, PlannedFile } from '../plan/node-plan.ts';
import type { Timer } from '../spec/cluster.ts';
import { ETCD_VERSION } from './etcd.ts';
import { libraryProgram } from './library.ts';
import { LIBRARY_DIRECTORY, unitPath } from './locations.ts';
import { etcdProgram } from './programs.ts';

const SNAPSHOT = 'kubekiln-etcd-snapshot';
const DEFRAGMENT = 'kubekiln-etcd-defragment';

interface Task {
  readonly name: string;
  readonly description: string;
  /** The words after kubekiln-etcd-care. */
  readonly words: string;
  /** Directories that it writes. */
  readonly writes: readonly string[];
  /** systemd's limit for one run. */
  readonly timeout: string;
  readonly timer: Timer;
}

/** A oneshot and the timer that starts it: the same on every control-plane node. */
function taskFiles({ name, timer, ...task }: Task): readonly PlannedFile[] {
  const file = (unit: string, template: string, view: object, restarts: readonly string[]): PlannedFile => ({
    path: unitPath(unit),
    mode: 0o644,
    owner: 'root',
    content: renderTemplate(template, { ...task, library: LIBRARY_DIRECTORY, ...view }, settingValue),
    part: 'runtime',
    secret: false,
    restarts,
  });
  return [
    file(`${name}.service`, 'kubekiln-etcd-care.service', {}, []),
    file(`${name}.timer`, 'kubekiln-etcd-care.timer', { schedule: timer.schedule, delay: timer.randomizedDelay }, [`${name}.timer`]),
  ];
}

export const etcdCare: Component = {
  name: 'kubekiln-etcd-care',
  runsOn: (node, { etcd }) => node.role === 'control-plane' && (etcd.snapshots !== undefined || etcd.defragmentation !== undefined),
  plan({ cluster, node }): Contribution {
    const { snapshots, defragmentation } = cluster.etcd;
    const tasks: readonly Task[] = [
      ...(snapshots
        ? [
            {
              name: SNAPSHOT,
              description: 'a snapshot of etcd',
              words: `snapshot ${snapshots.keep} ${snapshots.directory}`,
              writes: [snapshots.directory],
              timeout: '1h',
              timer: snapshots,
            },
          ]
        : []),
      ...(defragmentation
        ? [
            {
              name: DEFRAGMENT,
              description: 'defragmentation of etcd',
              words: 'defragment',
              writes: [],
              // The leader waits for the others.
              timeout: '4h',
              timer: defragmentation,
            },
          ]
        : []),
    ];
    return {
      files: [libraryProgram('kubekiln-etcd-care'), ...tasks.flatMap(taskFiles)],
      units: tasks.map(({ name }) => ({ name: `${name}.timer`, startedBy: 'target' })),
      ...(snapshots && {
        directories: [{ path: snapshots.directory, mode: 0o700, owner: 'root' }],
        binaries: [
          { path: `${cluster.paths.binaries}/etcdutl`, description: `etcdutl ${ETCD_VERSION}`, download: etcdProgram(node, 'etcdutl') },
        ],
      }),
    };
  },
};
