import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltCluster } from './built-cluster.ts';
import { type Output, run } from './command.ts';
import type { Host } from './host.ts';

/** What an operator does with a node.tar.gz on a machine that runs. */
export async function installTarball(host: Host, built: BuiltCluster, how: '' | '--apply' = '', node = 'cp-1'): Promise<Output> {
  const directory = join(host.root, 'root/node');
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  await run('tar', ['--extract', '--gzip', '--file', join(built.out, 'nodes', node, 'node.tar.gz'), '--directory', directory]);
  return host.try(`cd /root/node && ./install ${how}`);
}
