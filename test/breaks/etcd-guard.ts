// What keeps a member that lost its data from founding a cluster, or from coming back.
import { type Break, swapped } from './break.ts';

const GUARD = 'templates/kubekiln-etcd-guard.sh';

const TWO_OF_THREE = 'boot/etcd-guard#two of three founding members';
const WINDOW = 'boot/etcd-guard#strict patience and a closed window';
const STICKY = 'boot/etcd-guard#blank once is blank for good';
const LOST_WRITE = 'boot/lost-write#c down, a write by a and b';
const STALE_PEER = 'boot/lost-write#the same, where c never learned';
const LIVE_NODE = 'boot/live-node#a live node is given a stale seed';

export const ETCD_GUARD_BREAKS: readonly Break[] = [
  {
    name: 'etcd guard: the mark does not count',
    file: GUARD,
    ...swapped('! grep -qs "^$KUBEKILN_ETCD_TOKEN " "$joined" || refuse', ': || refuse'),
    tests: [TWO_OF_THREE],
    why: 'a lost data disk comes back blank, while nobody can contradict',
  },
  {
    name: 'etcd guard: no mark',
    file: GUARD,
    ...swapped('sync "$joined.new"; mv "$joined.new" "$joined"; sync {{state}};', 'rm "$joined.new";'),
    tests: [TWO_OF_THREE],
    why: 'the same',
  },
  {
    name: 'etcd guard: a member that ran may join blank',
    file: GUARD,
    ...swapped('case $me in *clientURLs*) refuse "the etcd at $peer knows', 'case $me in no) refuse "the etcd at $peer knows'),
    tests: [LOST_WRITE],
    why: 'an acknowledged write is gone',
  },
  {
    name: 'etcd guard: a list without a quorum counts',
    file: GUARD,
    ...swapped(`-d '{"linearizable":true}'`, `-d '{"linearizable":false}'`),
    tests: [STALE_PEER],
    why: 'an acknowledged write is gone',
  },
  {
    name: 'etcd guard: a cluster without this member',
    file: GUARD,
    ...swapped('mine) || refuse "the etcd at $peer does not know', 'mine) || start "the etcd at $peer does not know'),
    tests: [TWO_OF_THREE],
    why: 'an etcd that founds a cluster beside the one that is there',
  },
  {
    name: 'etcd guard: a minority founds',
    file: GUARD,
    ...swapped('-gt "$(echo "$silent" | wc -w)" ]', '-gt 0 ]'),
    tests: [LOST_WRITE],
    why: 'two clusters',
  },
  {
    name: 'etcd guard: no patience',
    file: GUARD,
    ...swapped('[ "$waited" -ge "$KUBEKILN_BOOTSTRAP_PATIENCE" ]', '[ "$waited" -ge 0 ]'),
    tests: [WINDOW],
    why: 'members that are merely slow are left out, and `never` does not hold',
  },
  {
    name: 'etcd guard: endless patience',
    file: GUARD,
    ...swapped('[ "$waited" -ge "$KUBEKILN_BOOTSTRAP_PATIENCE" ]', '[ "$waited" -lt 0 ]'),
    tests: [TWO_OF_THREE],
    why: 'two of three wait for ever',
  },
  {
    name: 'etcd guard: the window never closes',
    file: GUARD,
    ...swapped('-ge "$KUBEKILN_BOOTSTRAP_BEFORE" ]', '-lt 0 ]'),
    tests: [TWO_OF_THREE, WINDOW],
    why: 'a whole rack that lost its disks founds an empty cluster',
  },
  {
    name: 'etcd guard: blank must be said at the end',
    file: GUARD,
    ...swapped('case $heard in *" $peer "*)', 'case $heard in never)'),
    tests: [STICKY],
    why: 'founding members that wait for each other',
  },
  {
    name: 'etcd guard: blank of any cluster',
    file: GUARD,
    ...swapped('"blank $KUBEKILN_ETCD_TOKEN" |', '"blank "* |'),
    tests: [WINDOW],
    why: 'a node that was not told of the new founding counts for it',
  },
  {
    name: 'etcd guard: nobody is told',
    file: GUARD,
    ...swapped('{ unserve; serve; }', '{ unserve; }'),
    tests: [WINDOW],
    why: 'a first boot waits for its patience',
  },
  {
    name: 'etcd guard: a failed start is data',
    file: GUARD,
    ...swapped(
      'for log in "$KUBEKILN_ETCD_DATA"/member/wal/*.wal; do\n  [ ! -s "$log" ] || exit 0',
      'for log in "$KUBEKILN_ETCD_DATA"/member; do\n  [ ! -e "$log" ] || exit 0',
    ),
    tests: [LOST_WRITE],
    why: 'a member that never ran founds without asking',
  },
  {
    name: 'etcd guard: data does not count',
    file: GUARD,
    ...swapped('[ ! -s "$log" ] || exit 0', '[ ! -s "$log" ] || :'),
    tests: [LIVE_NODE],
    why: 'no node survives a reboot',
  },
];
