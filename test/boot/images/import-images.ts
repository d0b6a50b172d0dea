import { basename, join } from 'node:path';
import { run } from '../command.ts';
import type { Member } from '../control-plane.ts';
import type { TestImage } from './test-images.ts';

/** Where a host finds image archives. */
const IMAGES = '/var/lib/test-images';

/** Gives images to a running host's containerd, as an offline bundle would. */
export async function importImages({ host }: Member, images: readonly Pick<TestImage, 'archive'>[]): Promise<void> {
  for (const { archive } of images) {
    const inside = join(IMAGES, basename(archive));
    await run('install', ['-D', '--mode=0644', archive, join(host.root, inside)]);
    await host.sh(`until ctr version > /dev/null 2>&1; do sleep 0.2; done; ctr --namespace k8s.io images import ${inside}; rm ${inside}`);
  }
}
