// The container images that test clusters run, under upstream's names: nothing can be pulled into a test's network.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, ensureBinaries, ensureTree, KUBERNETES_VERSION } from '../cache.ts';
import { run } from '../command.ts';
import { BOOT_SCRIPTS } from '../repository.ts';
import { type ImageConfig, writeImage } from './archive.ts';

export const COREDNS_VERSION = 'v1.15.0';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

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

/**
 * Debian's static busybox, where upstream's specs want theirs. Its shell, unlike that of upstream's, drops environment variables whose names are none of a
 * shell's, and some specs ask `sh` for them: the one in the path is bash. `/bin/sh` is busybox, whose words another spec knows by heart.
 */
export function busyboxImage(): Promise<TestImage> {
  return ensureImage('registry.k8s.io/e2e-test-images/busybox:1.37.0-2', { Cmd: ['sh'], Env: [PATH] }, async root => {
    const from = await ensureTree('busybox', 'busybox-root', 'build-image-root.sh', ['busybox-static', 'bash-static']);
    const busybox = join(root, 'bin/busybox');
    for (const directory of ['bin', 'etc', 'home', 'root', 'usr/local/bin', 'var']) await mkdir(join(root, directory), { recursive: true });
    await mkdir(join(root, 'tmp'));
    await chmod(join(root, 'tmp'), 0o1777);
    await copyFile(join(from, 'bin/busybox'), busybox);
    await copyFile(join(from, 'bin/bash-static'), join(root, 'usr/local/bin/sh'));
    for (const applet of (await run(busybox, ['--list'])).split('\n').filter(name => !['', 'busybox'].includes(name))) {
      await symlink('busybox', join(root, 'bin', applet));
    }
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n');
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nnobody:x:65534:\n');
  });
}

/** The program and the tools of upstream's end-to-end specs, under the version that the specs of that release name. */
export async function agnhostImage(kubernetesVersion = KUBERNETES_VERSION): Promise<TestImage> {
  return ensureImage(await agnhostReference(kubernetesVersion), AGNHOST_CONFIG, root => fillAgnhost(root, kubernetesVersion));
}

export const AGNHOST_CONFIG: ImageConfig = { Entrypoint: ['/agnhost'], Cmd: ['pause'], Env: [PATH] };

/** The name under which that release's specs ask for it. */
async function agnhostReference(kubernetesVersion = KUBERNETES_VERSION): Promise<string> {
  const version = readFileSync(join(await ensureAgnhost(kubernetesVersion), 'version'), 'utf8').trim();
  return `registry.k8s.io/e2e-test-images/agnhost:${version}`;
}

export async function fillAgnhost(root: string, kubernetesVersion = KUBERNETES_VERSION): Promise<void> {
  const tools = await ensureTree('what stands around agnhost', 'agnhost-root', 'build-agnhost-root.sh', []);
  await run('cp', ['--archive', `${tools}/.`, root]);
  await copyFile(join(await ensureAgnhost(kubernetesVersion), 'agnhost'), join(root, 'agnhost'));
}

function ensureAgnhost(kubernetesVersion: string): Promise<string> {
  return ensureBinaries('agnhost', kubernetesVersion, 'half a minute after the control plane');
}

/** Made once, and again when this folder's code changed. */
export async function ensureImage(reference: string, config: ImageConfig, fill: (root: string) => Promise<void>): Promise<TestImage> {
  const archive = await ensureArchive(reference.replace(/[/:]/g, '_'), async (path, work) => {
    await fill(work);
    await writeImage(path, reference, work, config);
  });
  return { reference, archive };
}

const CODE = [
  'images/archive.ts',
  'images/test-images.ts',
  'images/conformance-images.ts',
  'images/pause.go',
  'build-agnhost-root.sh',
  'build-image-root.sh',
];

/** Path of an archive of that name; `write` makes it with the help of an empty directory (0755) when it is missing or that code changed. */
export async function ensureArchive(name: string, write: (archive: string, work: string) => Promise<void>): Promise<string> {
  const recipe = createHash('sha256');
  for (const file of CODE) recipe.update(readFileSync(join(BOOT_SCRIPTS, file)));
  const directory = join(cacheDirectory(), `images-${recipe.digest('hex').slice(0, 12)}`);
  const archive = join(directory, `${name}.tar`);
  if (existsSync(archive)) return archive;
  await mkdir(directory, { recursive: true });
  const work = await mkdtemp(join(directory, 'root-'));
  await chmod(work, 0o755);
  await write(archive, work);
  await rm(work, { recursive: true });
  return archive;
}
