// The container images that test clusters run, under upstream's names: nothing can be pulled into a test's network.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, ensureBinaries, ensureRootFileSystem, ensureTree, KUBERNETES_VERSION } from '../cache.ts';
import { run } from '../command.ts';
import { BOOT_SCRIPTS } from '../repository.ts';
import { type ImageConfig, writeImage } from './archive.ts';

export const COREDNS_VERSION = 'v1.15.0';

export interface TestImage {
  readonly reference: string;
  /** Path of an OCI image layout in a tar. */
  readonly archive: string;
}

/** All of them. */
export async function testImages(): Promise<readonly TestImage[]> {
  return [await pauseImage(), await corednsImage(), await busyboxImage(), await agnhostImage()];
}

/** The sandbox of every pod; containerd 2.4.2 asks for this one unless its configuration pins another. */
export function pauseImage(): Promise<TestImage> {
  return ensureImage('registry.k8s.io/pause:3.10.2', { Entrypoint: ['/pause'], User: '65535:65535' }, async root =>
    copyFile(join(await ensureBinaries('pause', '3.10.2', 'a second'), 'pause'), join(root, 'pause')),
  );
}

export function corednsImage(): Promise<TestImage> {
  const config = { Entrypoint: ['/coredns'], User: '65532:65532' };
  return ensureImage(`registry.k8s.io/coredns/coredns:${COREDNS_VERSION}`, config, async root =>
    copyFile(join(await ensureBinaries('coredns', COREDNS_VERSION, 'two minutes'), 'coredns'), join(root, 'coredns')),
  );
}

/** Debian's static busybox, where upstream's specs want theirs. */
export function busyboxImage(): Promise<TestImage> {
  return ensureImage('registry.k8s.io/e2e-test-images/busybox:1.37.0-2', { Cmd: ['sh'], Env: [PATH] }, async root => {
    const busybox = join(root, 'bin/busybox');
    for (const directory of ['bin', 'etc', 'home', 'root', 'var']) await mkdir(join(root, directory));
    await mkdir(join(root, 'tmp'));
    await chmod(join(root, 'tmp'), 0o1777);
    await copyFile(join(await ensureRootFileSystem(), 'bin/busybox'), busybox);
    for (const applet of (await run(busybox, ['--list'])).split('\n').filter(name => name !== '' && name !== 'busybox')) {
      await symlink('busybox', join(root, 'bin', applet));
    }
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n');
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nnobody:x:65534:\n');
  });
}

/** The program and the tools of upstream's end-to-end specs, under the version that the specs of that release name. */
export async function agnhostImage(kubernetesVersion = KUBERNETES_VERSION): Promise<TestImage> {
  const directory = await ensureBinaries('agnhost', kubernetesVersion, 'half a minute after the control plane');
  const version = readFileSync(join(directory, 'version'), 'utf8').trim();
  const config = { Entrypoint: ['/agnhost'], Cmd: ['pause'], Env: [PATH] };
  return ensureImage(`registry.k8s.io/e2e-test-images/agnhost:${version}`, config, async root => {
    const tools = await ensureTree('what stands around agnhost', 'agnhost-root', 'build-agnhost-root.sh', []);
    await run('cp', ['--archive', `${tools}/.`, root]);
    await copyFile(join(directory, 'agnhost'), join(root, 'agnhost'));
  });
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Made once, and again when this folder's code changed. */
async function ensureImage(reference: string, config: ImageConfig, fill: (root: string) => Promise<void>): Promise<TestImage> {
  const code = ['images/archive.ts', 'images/test-images.ts', 'images/pause.go', 'build-agnhost-root.sh', 'build-root-file-system.sh'];
  const recipe = createHash('sha256');
  for (const file of code) recipe.update(readFileSync(join(BOOT_SCRIPTS, file)));
  const directory = join(cacheDirectory(), `images-${recipe.digest('hex').slice(0, 12)}`);
  const archive = join(directory, `${reference.replace(/[/:]/g, '_')}.tar`);
  if (existsSync(archive)) return { reference, archive };
  await mkdir(directory, { recursive: true });
  const root = await mkdtemp(join(directory, 'root-'));
  await chmod(root, 0o755);
  await fill(root);
  await writeImage(archive, reference, root, config);
  await rm(root, { recursive: true });
  return { reference, archive };
}
