import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { capture, run } from './command.ts';
import { runDirectory } from './run-directory.ts';

/** A disk that stays over a host's boots, seen from this machine. */
export interface SmallDisk {
  readonly directory: string;
  /** systemd-nspawn's argument that puts it there on the host. */
  readonly argument: string;
  grow(size: string): Promise<void>;
  remove(): Promise<void>;
}

/** A disk of `size` (as mount's, `64k`) for `path` of one host. */
export async function smallDisk(name: string, path: string, size: string): Promise<SmallDisk> {
  const directory = join(runDirectory(), name);
  await mkdir(directory);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'small', directory]);
  return {
    directory,
    argument: `--bind=${directory}:${path}`,
    grow: async larger => {
      await run('mount', ['-o', `remount,size=${larger}`, directory]);
    },
    remove: async () => {
      await capture('umount', ['--lazy', directory]);
    },
  };
}
