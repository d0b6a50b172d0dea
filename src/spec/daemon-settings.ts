import type { DocumentPath } from '../problem.ts';
import type { DaemonName } from './cluster.ts';
import type { SpecDraft } from './rule.ts';

/** One item of `extraArgs` or `extraEnvs`, whatever daemon it is of. */
export interface DaemonSetting {
  readonly daemon: DaemonName;
  readonly name: string;
  readonly value: string | undefined;
  readonly path: DocumentPath;
}

/** The items that have a name, in the order of the daemons. */
export function daemonSettings(spec: SpecDraft, list: 'extraArgs' | 'extraEnvs'): readonly DaemonSetting[] {
  const components = [
    { daemon: 'kube-apiserver', given: spec.apiServer, path: ['spec', 'apiServer'] },
    { daemon: 'kube-controller-manager', given: spec.controllerManager, path: ['spec', 'controllerManager'] },
    { daemon: 'kube-scheduler', given: spec.scheduler, path: ['spec', 'scheduler'] },
    { daemon: 'etcd', given: spec.etcd?.local, path: ['spec', 'etcd', 'local'] },
  ] as const;
  return components.flatMap(({ daemon, given, path }) =>
    (given?.[list] ?? []).flatMap((item, index) =>
      item?.name === undefined ? [] : [{ daemon, name: item.name, value: item.value, path: [...path, list, index] }],
    ),
  );
}
