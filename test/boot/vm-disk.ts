// Disks of a virtual machine: files here, mounted when the machine is off.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capture, run } from './command.ts';

export interface VmDisks {
  /** Image files in the machine's order. */
  readonly files: readonly string[];
  /** Where `open` mounts them: the machine's root, seen from this one. */
  readonly root: string;
  /** Mounts them read-only, after their journals' changes have come to their places as at the next boot. */
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface VmDiskOptions {
  /** The image that the first disk is a copy of. */
  readonly image: string;
  /** Trees copied over the root, in order. */
  readonly trees: readonly string[];
  /** Puts /var on a second disk, in fstab. */
  readonly ownVar: boolean;
}

/** Sparse. kubelet does not start on less than what it reserves, and wants a tenth free. */
const VAR_SIZE = '8G';

/** Lays out the disks of one machine in `directory`. */
export async function createVmDisks(directory: string, { image, trees, ownVar }: VmDiskOptions): Promise<VmDisks> {
  const root = join(directory, 'root');
  const [main, second] = [join(directory, 'disk.raw'), join(directory, 'var.raw')];
  const files = ownVar ? [main, second] : [main];
  await mkdir(root);
  await run('cp', ['--sparse=always', '--reflink=auto', image, main]);
  if (trees.length > 0 || ownVar) {
    await run('mount', ['-o', 'loop', main, root]);
    try {
      for (const tree of trees) await cp(tree, root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      if (ownVar) {
        await run('mke2fs', ['-q', '-t', 'ext4', '-d', join(root, 'var'), second, VAR_SIZE]);
        await rm(join(root, 'var'), { recursive: true });
        await mkdir(join(root, 'var'));
        await writeFile(join(root, 'etc/fstab'), '/dev/vdb /var ext4 defaults 0 2\n');
      }
    } finally {
      await run('umount', [root]);
    }
  }
  return {
    files,
    root,
    open: async () => {
      for (const [file, at] of [[main, root] as const, ...(ownVar ? [[second, join(root, 'var')] as const] : [])]) {
        await run('mount', ['-o', 'loop,noatime', file, at]);
        await run('mount', ['-o', 'remount,ro', at]);
      }
    },
    close: async () => {
      await capture('umount', ['--recursive', root]);
    },
  };
}
