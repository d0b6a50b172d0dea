// What etcd itself says, asked from outside the hosts with the certificates that stand on them.
import { join } from 'node:path';
import { ensureEtcd } from './cache.ts';
import type { ControlPlane, Member } from './control-plane.ts';

export interface EtcdMember {
  readonly ID: number;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner?: boolean;
}

/** Runs etcdctl against one member. @throws when it fails */
export async function etcdctl(plane: ControlPlane, of: Member, ...args: string[]): Promise<string> {
  const program = join(await ensureEtcd(), 'etcdctl');
  const pki = join(of.host.root, 'etc/kubernetes/pki');
  const client = join(pki, 'apiserver-etcd-client');
  return plane.network.run(program, [
    ...[
      '--endpoints',
      `https://${of.address}:2379`,
      '--cacert',
      join(pki, 'etcd/ca.crt'),
      '--cert',
      `${client}.crt`,
      '--key',
      `${client}.key`,
    ],
    ...['--dial-timeout', '2s', '--command-timeout', '5s'],
    ...args,
  ]);
}

/** What is stored under a key in that member's own data: no other member is asked. Undefined when there is nothing. */
export async function storedValue(plane: ControlPlane, of: Member, key: string): Promise<string | undefined> {
  const value = await etcdctl(plane, of, 'get', key, '--print-value-only', '--consistency=s');
  return value === '' ? undefined : value;
}

/** Cluster id (as a string: it does not fit a double) and members, as that member sees them. */
export async function etcdMembers(
  plane: ControlPlane,
  of: Member,
): Promise<{ readonly clusterId: string; readonly members: readonly EtcdMember[] }> {
  const json = await etcdctl(plane, of, 'member', 'list', '--write-out=json');
  const clusterId = /"cluster_id":\s*(\d+)/.exec(json)?.[1];
  if (clusterId === undefined) throw new Error(`no cluster_id in ${json}`);
  return { clusterId, members: (JSON.parse(json) as { members: readonly EtcdMember[] }).members };
}

/** The member that leads etcd, as the first of `plane` sees it. @throws when there is none */
export async function etcdLeader(plane: ControlPlane): Promise<Member> {
  const [first] = plane.members;
  if (first === undefined) throw new Error('no members');
  const json = await etcdctl(plane, first, 'endpoint', 'status', '--write-out=json');
  const leader = /"leader":\s*(\d+)/.exec(json)?.[1];
  const list = await etcdctl(plane, first, 'member', 'list', '--write-out=fields');
  // Ids do not fit a double: they are compared as text.
  const name = new RegExp(`"ID" : ${leader}\n"Name" : "([^"]*)"`).exec(list)?.[1];
  const found = plane.members.find(member => member.name === name);
  if (found === undefined) throw new Error(`no etcd leader in ${json}`);
  return found;
}
