// The images that upstream's conformance specs run, as far as they can be made here, under the names that the specs of the booted release give them.
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinaries, ensureE2e, ensureEtcd, ensureTree, KUBERNETES_VERSION } from '../cache.ts';
import { run } from '../command.ts';
import { type ImageConfig, type ImageSource, writeImages } from './archive.ts';
import {
  AGNHOST_CONFIG,
  busyboxImage,
  corednsImage,
  ensureArchive,
  ensureImage,
  fillAgnhost,
  pauseImage,
  type TestImage,
} from './test-images.ts';

const REGISTRY = 'registry.k8s.io';

/** Debian's would log into files, as a user that is not there. */
const NGINX_CONF = `user root root;
error_log /dev/stderr;
events {}
http {
  access_log /dev/stdout;
  server { root /usr/share/nginx/html; }
}
`;

/** Archives to be given to every host that runs specs. */
export async function conformanceImages(): Promise<readonly Pick<TestImage, 'archive'>[]> {
  const archive = await ensureArchive(`conformance-${KUBERNETES_VERSION}`, async (path, work) => writeImages(path, await sources(work)));
  return [await pauseImage(), await corednsImage(), await busyboxImage(), { archive }];
}

/** Nothing runs in it: a spec pulls it as a volume, and reads the two files there by which it knows upstream's. */
export async function kittenImage(): Promise<TestImage> {
  const reference = (await referencesOfSpecs()).find(name => name.startsWith(`${REGISTRY}/e2e-test-images/kitten:`));
  if (reference === undefined) throw new Error('no spec has an image of kittens');
  return ensureImage(reference, {}, async root => {
    await mkdir(join(root, 'etc'));
    await writeFile(join(root, 'data.json'), '{"image": "kitten.jpg"}\n');
    await writeFile(join(root, 'etc/os-release'), 'NAME="Alpine Linux"\n');
  });
}

/** Most stand on agnhost's layer, as upstream's do or might. */
async function sources(work: string): Promise<readonly ImageSource[]> {
  const programs = await ensureBinaries('e2e-images', KUBERNETES_VERSION, 'a few minutes');
  const layer = async (name: string, fill: (root: string) => Promise<unknown>) => {
    const root = join(work, name);
    await mkdir(root, { recursive: true });
    await fill(root);
    return root;
  };
  const program = (from: string, to: string, mode = 0o755) =>
    layer(to, async root => {
      const path = join(root, to);
      await mkdir(join(path, '..'), { recursive: true });
      await copyFile(from, path);
      await chmod(path, mode);
    });
  const copy = (name: string) => layer(name, root => run('cp', ['--recursive', `${join(programs, name)}/.`, root]));
  const tools = await layer('tools', root => fillAgnhost(root));
  // Probes of StatefulSets ask agnhost for its certificate.
  const agnhost = await copy('agnhost');
  const nautilus = await copy('nautilus');
  // Set-user-id: the spec asks that it does not help.
  const nnp = await program(join(programs, 'nnp'), 'usr/local/bin/nnp', 0o4755);
  const apiServer = await program(join(programs, 'sample-apiserver'), 'sample-apiserver');
  const etcd = await program(join(await ensureEtcd(), 'etcd'), 'usr/local/bin/etcd');
  const nginx = await ensureTree('nginx', 'nginx-root', 'build-image-root.sh', ['nginx-light']);
  const nginxSettings = await layer('nginx-settings', async root => {
    for (const directory of ['etc/nginx', 'run']) await mkdir(join(root, directory), { recursive: true });
    await writeFile(join(root, 'etc/nginx/nginx.conf'), NGINX_CONF);
  });
  const made: Readonly<Record<string, readonly [layers: readonly string[], config: ImageConfig]>> = {
    // Specs that update an image have an older agnhost besides: here it is the same program with another label.
    'e2e-test-images/agnhost': [[tools, agnhost], AGNHOST_CONFIG],
    'e2e-test-images/glibc-dns-testing': [[tools], { Cmd: ['bash'] }],
    'e2e-test-images/nautilus': [[tools, agnhost, nautilus], { ...AGNHOST_CONFIG, Cmd: ['test-webserver'] }],
    'e2e-test-images/nonewprivs': [[tools, nnp], { Cmd: ['nnp'] }],
    'e2e-test-images/nginx': [[nginx, nginxSettings], { Cmd: ['nginx', '-g', 'daemon off;'] }],
    'e2e-test-images/sample-apiserver': [[apiServer], { Entrypoint: ['/sample-apiserver'] }],
    etcd: [[etcd], {}],
  };
  return (await referencesOfSpecs()).flatMap(reference => {
    const found = made[reference.slice(REGISTRY.length + 1, reference.lastIndexOf(':'))];
    if (found === undefined) return [];
    const [layers, config] = found;
    return [{ reference, layers, config: { ...config, Labels: { version: reference.slice(reference.lastIndexOf(':') + 1) } } }];
  });
}

/** Every image that the release's end-to-end specs may run, sorted. */
async function referencesOfSpecs(): Promise<readonly string[]> {
  const listed = await run(join(await ensureE2e(), 'e2e.test'), ['--list-images']);
  return listed
    .split('\n')
    .filter(line => line.startsWith(`${REGISTRY}/`))
    .toSorted();
}
