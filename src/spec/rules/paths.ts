import type { DocumentPath } from '../../problem.ts';
import type { Rule, SpecDraft } from '../rule.ts';

interface PlacedPath {
  readonly key: string;
  readonly path: DocumentPath;
  readonly value: string;
}

function placedPaths(spec: SpecDraft): readonly PlacedPath[] {
  const roots = (['binaries', 'configuration', 'pki', 'logs'] as const).map(key => ({
    key: `paths.${key}`,
    path: ['spec', 'paths', key],
    value: spec.paths?.[key],
  }));
  const etcd = spec.etcd?.local;
  const all = [
    ...roots,
    { key: 'etcd.local.dataDir', path: ['spec', 'etcd', 'local', 'dataDir'], value: etcd?.dataDir },
    {
      key: 'etcd.local.snapshots.directory',
      path: ['spec', 'etcd', 'local', 'snapshots', 'directory'],
      value: etcd?.snapshots?.disabled === true ? undefined : etcd?.snapshots?.directory,
    },
  ];
  return all.flatMap(({ key, path, value }) => (value?.startsWith('/') && !value.includes('..') ? [{ key, path, value }] : []));
}

const SYSTEM_ROOTS = new Set(
  '/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/lib /usr/local /usr/share /var /var/cache /var/lib /var/log /var/spool /var/tmp'.split(
    ' ',
  ),
);
/** What a reboot empties, and what hardened units cannot see. */
const LOST_ROOTS: Readonly<Record<string, string>> = {
  '/dev': 'is not kept over a reboot',
  '/proc': 'is not kept over a reboot',
  '/run': 'is not kept over a reboot',
  '/sys': 'is not kept over a reboot',
  '/tmp': 'is not kept over a reboot',
  '/var/tmp': 'is emptied by the system',
  '/var/run': 'is not kept over a reboot',
  '/home': 'is hidden from the daemons (ProtectHome=)',
  '/root': 'is hidden from the daemons (ProtectHome=)',
};

const systemPath: Rule = {
  code: 'system-path',
  check({ spec }, report) {
    for (const { key, path, value } of placedPaths(spec)) {
      const lost = Object.keys(LOST_ROOTS).find(root => value.startsWith(`${root}/`));
      if (SYSTEM_ROOTS.has(value))
        report.error(path, `${key} cannot be ${value}: its owner and mode belong to the system`, {
          value,
          hint: value === '/' ? 'name a directory' : `a directory below it: ${value}/kubernetes`,
        });
      else if (lost !== undefined) report.error(path, `${key}: ${lost} ${LOST_ROOTS[lost]}`, { value });
    }
  },
};

/** Directories of kubekiln and systemd, and pairs of ours that may contain each other. */
const FOREIGN_ROOTS: Readonly<Record<string, string>> = {
  '/var/lib/kubekiln': 'kubekiln stages payloads there',
  '/usr/local/libexec/kubekiln': 'kubekiln keeps its programs there',
  '/etc/kubekiln': 'kubekiln keeps its settings there',
  '/etc/systemd': 'it is read by systemd',
  '/usr/lib/systemd': 'it is read by systemd',
};
const MAY_HOLD = new Set(['paths.configuration > paths.pki']);

const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);

const pathClash: Rule = {
  code: 'path-clash',
  check({ spec, isGiven }, report) {
    const all = placedPaths(spec);
    for (const { key, path, value } of all) {
      const foreign = Object.keys(FOREIGN_ROOTS).find(root => within(value, root) || within(root, value));
      if (foreign !== undefined && !SYSTEM_ROOTS.has(value))
        report.error(path, `${key} cannot be ${value}: ${FOREIGN_ROOTS[foreign]}`, { value });
    }
    for (const [index, inner] of all.entries()) {
      const outer = all.find(
        (other, at) =>
          at !== index &&
          within(inner.value, other.value) &&
          !(inner.value === other.value && at > index) &&
          !MAY_HOLD.has(`${other.key} > ${inner.key}`),
      );
      if (!outer || SYSTEM_ROOTS.has(outer.value)) continue;
      const relation = inner.value === outer.value ? 'is' : 'lies inside';
      report.error(
        isGiven(inner.path) ? inner.path : outer.path,
        `${inner.key} ${inner.value} ${relation} ${outer.key}: they have different owners and modes`,
        { value: inner.value },
      );
    }
  },
};

export const pathRules: readonly Rule[] = [systemPath, pathClash];
