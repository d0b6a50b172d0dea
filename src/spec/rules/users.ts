import type { DocumentPath } from '../../problem.ts';
import { firstGiven, type Rule, type SpecDraft } from '../rule.ts';

const DAEMONS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'local-proxy'] as const;

function usersOf(spec: SpecDraft): readonly { daemon: string; name: string | undefined; uid: number | undefined; path: DocumentPath }[] {
  return DAEMONS.map(daemon => ({
    daemon,
    name: spec.users?.[daemon]?.name,
    uid: spec.users?.[daemon]?.uid,
    path: ['spec', 'users', daemon],
  }));
}

const duplicateUser: Rule = {
  code: 'duplicate-user',
  check(input, report) {
    const users = usersOf(input.spec);
    for (const [index, user] of users.entries()) {
      for (const key of ['name', 'uid'] as const) {
        const other = users.slice(0, index).find(earlier => earlier[key] !== undefined && earlier[key] === user[key]);
        if (other)
          report.error(
            firstGiven(input, [...user.path, key], [...other.path, key]),
            `${user.daemon} and ${other.daemon} both have the ${key} ${user[key]}`,
            { value: user[key], hint: 'each daemon has a user of its own, so that none can read the keys of another' },
          );
      }
    }
  },
};

const RESERVED_UIDS: Readonly<Record<number, string>> = { 65534: 'nobody', 65535: '"no user" for 16-bit programs' };
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'root',
  'nobody',
  'daemon',
  'bin',
  'sys',
  'systemd-network',
  'systemd-resolve',
  'systemd-timesync',
  'messagebus',
  'sshd',
]);

const reservedUser: Rule = {
  code: 'reserved-user',
  check({ spec }, report) {
    for (const { daemon, name, uid, path } of usersOf(spec)) {
      if (name !== undefined && RESERVED_NAMES.has(name))
        report.error([...path, 'name'], `${daemon} cannot run as ${name}: other things do`, { value: name });
      const owner = uid === undefined ? undefined : RESERVED_UIDS[uid];
      if (owner !== undefined) report.error([...path, 'uid'], `the uid ${uid} means ${owner}`, { value: uid });
      else if (uid !== undefined && uid < 100)
        report.error([...path, 'uid'], `uids below 100 are given out by the distribution`, {
          value: uid,
          hint: '60600 to 60604 are the defaults',
        });
    }
  },
};

export const userRules: readonly Rule[] = [duplicateUser, reservedUser];
