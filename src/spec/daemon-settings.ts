import type { DocumentPath } from '../problem.ts';
import type { FlaggedProgram } from './kubernetes-releases.ts';
import { indexedNodes, type SpecDraft } from './rule.ts';

/** One item of `extraArgs` or `extraEnvs`, whatever daemon it is of. */
export interface DaemonSetting {
  readonly daemon: FlaggedProgram;
  readonly name: string;
  readonly value: string | undefined;
  readonly path: DocumentPath;
}

/** The items that have a name, in the order of the daemons. */
export function daemonSettings(spec: SpecDraft, list: 'extraArgs' | 'extraEnvs'): readonly DaemonSetting[] {
  const ofComponents = [
    { daemon: 'kube-apiserver', given: spec.apiServer, path: ['spec', 'apiServer'] },
    { daemon: 'kube-controller-manager', given: spec.controllerManager, path: ['spec', 'controllerManager'] },
    { daemon: 'kube-scheduler', given: spec.scheduler, path: ['spec', 'scheduler'] },
    { daemon: 'etcd', given: spec.etcd?.local, path: ['spec', 'etcd', 'local'] },
  ] as const;
  const lists = [
    ...ofComponents.map(({ daemon, given, path }) => ({ daemon, items: given?.[list], path: [...path, list] })),
    ...(list === 'extraEnvs' ? [] : indexedNodes(spec)).map(({ node, path }) => ({
      daemon: 'kubelet' as const,
      items: node.nodeRegistration?.kubeletExtraArgs,
      path: [...path, 'nodeRegistration', 'kubeletExtraArgs'],
    })),
  ];
  return lists.flatMap(({ daemon, items, path }) =>
    (items ?? []).flatMap((item, index) =>
      item?.name === undefined ? [] : [{ daemon, name: item.name, value: item.value, path: [...path, index] }],
    ),
  );
}
