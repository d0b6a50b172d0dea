// A Debian in a directory, in which bake and check run as they do on a machine: its own root, processes and network of the test's choice.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureRootFileSystem } from './cache.ts';
import { capture, type Output, run } from './command.ts';
import type { Network } from './network.ts';
import { runDirectory } from './run-directory.ts';

export interface BakedTree {
  readonly root: string;
  /** Runs a shell script as root inside. */
  sh(script: string): Promise<Output>;
  remove(): Promise<void>;
}

/**
 * @param image the directory image/ of a build: it is /run/kubekiln-image inside, and `bundle` is /srv/kubekiln
 * @param network where it stands; default: one of its own, in which nothing answers
 */
export async function createTree(image: string, bundle: string, network?: Network): Promise<BakedTree> {
  const root = await mkdtemp(join(runDirectory(), 'tree-'));
  // No overlay: containerd's own cannot stand on one.
  await run('cp', ['--archive', '--reflink=auto', `${await ensureRootFileSystem()}/.`, root], { timeout: 300_000 });
  await rm(join(root, 'etc/kubekiln-boot'));
  const mounts = [
    `mount --bind ${root} ${root}`,
    `mount -t proc proc ${root}/proc`,
    `mount --rbind /sys ${root}/sys`,
    `mount --rbind /dev ${root}/dev`,
    `mount -t tmpfs tmpfs ${root}/run`,
    `mkdir -p ${root}/run/kubekiln-image ${root}/srv/kubekiln`,
    `cp -a ${image}/. ${root}/run/kubekiln-image`,
    `mount --bind ${bundle} ${root}/srv/kubekiln`,
  ];
  const inside = `set -e; ${mounts.join('; ')}; exec chroot ${root} sh -c "$0"`;
  const enter = network === undefined ? ['unshare', '--net'] : ['nsenter', `--net=/run/netns/${network.namespace}`];
  const [program = '', ...words] = [...enter, 'unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', inside];
  return {
    root,
    sh: script => capture(program, [...words, script], { timeout: 400_000 }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
