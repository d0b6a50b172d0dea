// What tests of the etcd guard do to a host, and what they wait for.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ControlPlane, describe, type Member } from './control-plane.ts';
import { etcdctl } from './etcd.ts';
import { eventually } from './patience.ts';

export const DATA = '/var/lib/etcd';
export const MARK = 'var/lib/kubekiln/etcd-joined';

/** Waits until etcd answers a read that needs a quorum on each of `members`. */
export async function untilEtcd(plane: ControlPlane, members: readonly Member[] = plane.members, timeout = 60_000): Promise<void> {
  for (const of of members) {
    const healthy = async () => (await etcdctl(plane, of, 'get', 'health')) === '';
    await eventually(`etcd of ${of.name} has a quorum`, healthy, { timeout, explain: () => describe(plane) });
  }
}

/** Waits until that member has written down that it was in the cluster. */
export async function untilJoined(plane: ControlPlane, of: Member): Promise<void> {
  await eventually(`${of.name} has its mark`, async () => existsSync(join(of.host.root, MARK)), { explain: () => describe(plane) });
}

/** True when etcd has begun to write a log there. */
export async function hasData(of: Member): Promise<boolean> {
  return existsSync(join(of.host.root, DATA, 'member/wal'));
}

/** Empties etcd's data directory on a running host, and the mark beside it when asked to, and lets systemd start etcd again. */
export async function loseData(of: Member, alsoMark = false): Promise<void> {
  await of.host.sh(`systemctl stop etcd.service; rm -rf ${DATA}/*`);
  if (alsoMark) await rm(join(of.host.root, MARK), { force: true });
  await of.host.sh('systemctl start --no-block etcd.service');
}
