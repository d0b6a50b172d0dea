import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureEtcd } from './cache.ts';
import { programsOfHost } from './node-programs.ts';
import { runDirectory } from './run-directory.ts';

const OTHERS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'containerd', 'kubelet', 'kube-proxy', 'flanneld'] as const;

const IDLE = '[ "$*" != --version ] || exec echo idle\nexec sleep infinity';

/** The real etcd, and in place of all other daemons something that starts and does nothing: what tests of the guards boot in half the time. */
export async function etcdOnly(): Promise<ReadonlyMap<string, string>> {
  const directory = join(runDirectory(), 'idle-daemons');
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const programs = new Map(await programsOfHost());
  for (const name of OTHERS) {
    await script(join(directory, name), IDLE);
    programs.set(`/usr/local/bin/${name}`, join(directory, name));
  }
  return programs;
}

/** A tree to lay over a machine's root: there these daemons start and do nothing. */
export async function idleTree(names: readonly string[] = OTHERS): Promise<string> {
  await mkdir(runDirectory(), { recursive: true });
  const tree = await mkdtemp(join(runDirectory(), 'idle-'));
  const directory = join(tree, 'usr/local/bin');
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await chmod(tree, 0o755);
  for (const name of names) await script(join(directory, name), IDLE);
  return tree;
}

/** Existing on a host, it keeps a slow etcd (`slowEtcd`) from starting. */
export const ETCD_HELD = 'etc/etcd-held';

/** `etcdOnly` with an etcd that waits before it begins, for as long as ETCD_HELD is on the host. */
export async function slowEtcd(): Promise<ReadonlyMap<string, string>> {
  const programs = new Map(await etcdOnly());
  const held = join(runDirectory(), 'idle-daemons/held-etcd');
  await script(held, `while [ -e /${ETCD_HELD} ]; do sleep 0.1; done; exec /usr/local/bin/real-etcd "$@"`);
  programs.set('/usr/local/bin/real-etcd', join(await ensureEtcd(), 'etcd'));
  programs.set('/usr/local/bin/etcd', held);
  return programs;
}

async function script(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}
