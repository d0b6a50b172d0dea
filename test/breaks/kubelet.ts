// What a node does around its kubelet.
import { type Break, without } from './break.ts';

const PREPARE = 'templates/kubekiln-kubelet-prepare.sh';

export const KUBELET_BREAKS: readonly Break[] = [
  {
    name: 'a worker that waits in silence',
    file: PREPARE,
    ...without(' -p StandardOutput=journal+console'),
    tests: ['boot/late-workers'],
    why: 'somebody before a screen sees a node that was installed, and that is in no cluster',
  },
];
