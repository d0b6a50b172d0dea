// Care of etcd: when snapshots are taken and free space is given back.
import { boolean, integer, mapping, text } from './field.ts';

const timer = (what: string, schedule: string, randomizedDelay: string) => ({
  disabled: boolean(`No ${what}.`).default(false),
  schedule: text('calendar', "When, as systemd's OnCalendar= has it, in the time zone of the node.").default(schedule),
  randomizedDelay: text('duration', 'Each run begins up to this much later, so that no two nodes do it at once.', {
    examples: [randomizedDelay],
  }).default(randomizedDelay),
});

export const snapshots = mapping(
  'Snapshots of etcd, by each control-plane node of its own member: saved, checked by hash and by etcdutl, renamed to their place.',
  {
    ...timer('snapshots', '*-*-* 00/6:00', '30m'),
    keep: integer('How many stay; the oldest go once a newer one is whole.', 1, 1000).default(8),
    directory: text(
      'path',
      'Where they are kept, readable by root only. One that would leave less than 15 % of that disk is not taken. Default: dataDir with -snapshots behind it.',
      { examples: ['/srv/etcd-snapshots'] },
    ).optional(),
  },
);

export const defragmentation = mapping(
  'Defragmentation of etcd: a member whose database is 100 MiB or larger and to 45 % free gives that space back to the disk. One member at a time, the leader last, and only while all are healthy.',
  timer('defragmentation', '*-*-* 03:30', '1h'),
);
