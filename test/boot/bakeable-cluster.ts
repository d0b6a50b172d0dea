// A cluster whose lock pins everything that an image is baked from, and that material: files as upstream publishes them, made of what this machine has.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BuiltCluster, buildCluster, type ClusterSettings } from './built-cluster.ts';
import { run } from './command.ts';
import { COREDNS_VERSION, corednsImage, pauseImage, type TestImage } from './images/test-images.ts';
import { programsOfHost } from './node-programs.ts';
import { runDirectory } from './run-directory.ts';

const SCHEME = 'https://';

interface Download {
  readonly name: string;
  readonly url: string;
}

interface ImageFile extends TestImage {
  readonly digest: string;
}

export interface BakeableCluster extends BuiltCluster {
  /** Laid out as a mirror: `dl.k8s.io/v1.37.1/bin/linux/amd64/kubelet`. */
  readonly upstream: string;
  /** Sources of all files there. */
  readonly sources: readonly string[];
  readonly images: readonly ImageFile[];
}

/** Projects that publish archives, and what an image takes out of them. */
const ARCHIVES: Readonly<Record<string, readonly string[]>> = {
  etcd: ['etcd', 'etcdctl', 'etcdutl'],
  containerd: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
  'cni-plugins': ['bridge', 'host-local', 'loopback', 'portmap'],
};

export async function buildBakeableCluster(settings: ClusterSettings): Promise<BakeableCluster> {
  await mkdir(runDirectory(), { recursive: true });
  const upstream = await mkdtemp(join(runDirectory(), 'upstream-'));
  const images = await Promise.all([await pauseImage(), await corednsImage()].map(withDigest));
  const sources: string[] = [];
  const built = await buildCluster({
    ...settings,
    spec: { dns: { imageTag: COREDNS_VERSION }, ...settings.spec },
    beforeBuild: async (kubekiln, directory) => {
      for (const { reference, digest } of images) await kubekiln('images', 'pin', '--image', `${reference}=${digest}`);
      const binaries = [];
      for (const download of await publishAll(kubekiln, upstream)) {
        const source = download.url.slice(SCHEME.length);
        sources.push(source);
        binaries.push({ ...download, sha256: await sha256(join(upstream, source)) });
      }
      const lock = join(directory, 'cluster.lock.yaml');
      await writeFile(lock, `${await readFile(lock, 'utf8')}binaries: ${JSON.stringify(binaries)}\n`);
    },
  });
  return { ...built, upstream, sources, images };
}

/** An offline bundle with all of it, `offline-bundle.tar` in a directory of its own, which it returns. */
export async function bundleOf({ upstream, sources, images }: BakeableCluster): Promise<string> {
  const directory = await mkdtemp(join(runDirectory(), 'bundle-'));
  const tree = join(directory, 'tree');
  const lines = ['kubekiln-bundle 1'];
  const add = async (kind: string, from: string, member: string, words: string) => {
    await mkdir(dirname(join(tree, member)), { recursive: true });
    await cp(from, join(tree, member));
    lines.push(`${kind} ${await sha256(from)} ${(await stat(from)).size} ${member} - ${words}`);
  };
  for (const [index, source] of sources.entries()) await add('file', join(upstream, source), `programs/amd64/${index}`, source);
  for (const [index, { archive, digest, reference }] of images.entries())
    await add('image', archive, `images/amd64/${index}.tar`, `amd64 ${digest} ${reference}`);
  await writeFile(join(tree, 'kubekiln-bundle'), `${lines.join('\n')}\n`);
  const tar = ['--format=ustar', '--create', '--file', join(directory, 'offline-bundle.tar'), '--directory', tree];
  await run('tar', [...tar, 'kubekiln-bundle', 'programs', 'images'], { timeout: 300_000 });
  await run('rm', ['-rf', tree]);
  return directory;
}

/** Lays out below `upstream` what upstream would have at each address of `kubekiln images list`. */
export async function publishAll(kubekiln: (...args: string[]) => Promise<string>, upstream: string): Promise<readonly Download[]> {
  const programs = await programsOfHost();
  const at = (name: string) => programs.get(`/usr/local/bin/${name}`) ?? programs.get(`/opt/cni/bin/${name}`) ?? '';
  const list: { readonly binaries: readonly Download[] } = JSON.parse(await kubekiln('images', 'list', '-o', 'json'));
  for (const { name, url } of list.binaries) await publish(name, join(upstream, url.slice(SCHEME.length)), at);
  return list.binaries;
}

/** The file that upstream would have there. */
async function publish(name: string, path: string, at: (name: string) => string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const members = ARCHIVES[name];
  if (members === undefined) {
    await cp(at(name), path);
    return;
  }
  const directory = name === 'etcd' ? path.slice(path.lastIndexOf('/') + 1, -'.tar.gz'.length) : name === 'containerd' ? 'bin' : '.';
  const tree = await mkdtemp(join(runDirectory(), 'archive-'));
  await mkdir(join(tree, directory), { recursive: true });
  for (const member of members) await symlink(at(member), join(tree, directory, member));
  await run('tar', ['--create', '--use-compress-program=gzip -1', '--dereference', '--file', path, '--directory', tree, directory], {
    timeout: 300_000,
  });
}

/** The image's own manifest: what its archive names. */
async function withDigest(image: TestImage): Promise<ImageFile> {
  const index: { readonly manifests: readonly { readonly digest: string }[] } = JSON.parse(
    await run('tar', ['--extract', '--to-stdout', '--file', image.archive, 'index.json']),
  );
  return { ...image, digest: index.manifests[0]?.digest ?? '' };
}

function sha256(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    createReadStream(path)
      .on('data', chunk => hash.update(chunk))
      .on('error', reject)
      .on('end', () => resolve(hash.digest('hex')));
  });
}
