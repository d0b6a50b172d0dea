import type { ControlPlane } from '../control-plane.ts';

/** Something that is true of every booted cluster. `run` throws when it is not; what it returns is printed. */
export interface Check {
  readonly name: string;
  run(plane: ControlPlane): Promise<string | undefined>;
}

export const DAEMONS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
