// The disk that virtual machines boot.
import { join } from 'node:path';
import { type DebianSuite, ensureTree } from './cache.ts';
import { programsOfHost } from './node-programs.ts';

/** What a virtual machine boots: a disk to be copied, and the kernel that stands on it. */
export interface VmImage {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

/** A Debian disk with the newest of each program on it. Remade when the script that makes it, or a release, changed. */
export async function ensureVmImage(suite: DebianSuite = 'bookworm'): Promise<VmImage> {
  const programs = [...(await programsOfHost())].map(([inside, file]) => `${inside}=${file}`);
  const directory = await ensureTree(
    `a disk image of Debian ${suite}`,
    `vm-${suite}`,
    'build-vm-image.sh',
    [suite, ...programs],
    // paths in the cache end in the releases
    programs.map(program => program.split('/').slice(-2).join('/')).join(),
  );
  return imageIn(directory);
}

/** The same without those programs, with the packages that a machine image is baked on. Its SSH has host keys, as a package leaves them. */
export async function ensureBaseImage(suite: DebianSuite = 'bookworm'): Promise<VmImage> {
  return imageIn(
    await ensureTree(`a disk image of Debian ${suite} to be baked`, `vm-base-${suite}`, 'build-vm-image.sh', [suite, '+openssh-server']),
  );
}

function imageIn(directory: string): VmImage {
  return { disk: join(directory, 'disk.raw'), kernel: join(directory, 'vmlinuz'), initrd: join(directory, 'initrd.img') };
}
