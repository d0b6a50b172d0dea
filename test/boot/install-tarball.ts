import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltCluster } from './built-cluster.ts';
import { type Output, run } from './command.ts';
import type { Host } from './host.ts';

/** Where `bringTarball` unpacks, on the host. */
export const UNPACKED = '/root/node';

/** Brings the node.tar.gz of a node onto a host that runs, unpacked. */
export async function bringTarball(host: Host, built: BuiltCluster, node = 'cp-1'): Promise<void> {
  const directory = join(host.root, UNPACKED);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  await run('tar', ['--extract', '--gzip', '--file', join(built.out, 'nodes', node, 'node.tar.gz'), '--directory', directory]);
}

/** What an operator does with a node.tar.gz on a machine that runs. */
export async function installTarball(host: Host, built: BuiltCluster, how: '' | '--apply' = '', node = 'cp-1'): Promise<Output> {
  await bringTarball(host, built, node);
  return host.try(`cd ${UNPACKED} && ./install ${how}`);
}
