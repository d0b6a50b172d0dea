import { run } from './command.ts';
import type { Machine } from './machine.ts';

const ROOTS = [
  'etc/kubernetes',
  'etc/kubekiln',
  'etc/systemd/system',
  'etc/sysctl.d',
  'etc/hostname',
  'usr/local/libexec/kubekiln',
  'var/lib/kubekiln',
];
/** What tells of a moment, or stands on the host because of the test. */
const VOLATILE =
  /\/((status\.json|etcd-joined)(\.new)?|lock|log)$|^etc\/systemd\/system\/(multi-user\.target\.wants\/)?operator\.service$|\/cloud-init\.target\.wants/;

/** What kubekiln installed: one line per file, `path mode uid:gid type link-target sha256`, sorted. Equal hosts give equal lists. */
export async function installedFiles(host: { readonly root: string }): Promise<readonly string[]> {
  const script = [
    `find ${ROOTS.join(' ')} -printf '%p %m %U:%G %y %l\\n' 2>/dev/null || true`,
    `find ${ROOTS.join(' ')} -type f -exec sha256sum {} + 2>/dev/null || true`,
  ].join('\n');
  const lines = (await run('sh', ['-c', script], { cwd: host.root })).split('\n').filter(Boolean);
  const sums = new Map(lines.filter(line => /^[0-9a-f]{64} {2}/.test(line)).map(line => [line.slice(66), line.slice(0, 64)]));
  return lines
    .filter(line => !/^[0-9a-f]{64} {2}/.test(line))
    .map(line => ({ path: line.split(' ')[0] ?? '', line }))
    .filter(({ path }) => !VOLATILE.test(path))
    .map(({ path, line }) => `${line.trimEnd()} ${sums.get(path) ?? ''}`.trimEnd())
    .sort();
}

/** status.json as its writer left it. */
export interface Status {
  readonly cluster: string;
  readonly node: string;
  readonly generation: number;
  readonly digest: string;
  readonly stage: string;
  readonly result: string;
  readonly reason: string;
  readonly remedy: string;
}

/** @throws when there is none yet */
export async function installStatus(machine: Machine): Promise<Status> {
  return JSON.parse(await machine.read('var/lib/kubekiln/status.json')) as Status;
}
