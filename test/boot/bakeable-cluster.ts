// A cluster whose lock pins everything that an image is baked from, and that material: files as upstream publishes them, made of what this machine has.
import { cp, mkdir, mkdtemp, symlink } from 'node:fs/promises';
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

export interface BakeableCluster extends BuiltCluster {
  /** Laid out as a mirror: `dl.k8s.io/v1.37.1/bin/linux/amd64/kubelet`. */
  readonly upstream: string;
  /** Sources of all files there. */
  readonly sources: readonly string[];
  /** Of `kubekiln fetch`, with all of it. */
  readonly store: string;
}

/** Projects that publish archives, and what an image takes out of them. */
const ARCHIVES: Readonly<Record<string, readonly string[]>> = {
  etcd: ['etcd', 'etcdctl', 'etcdutl'],
  containerd: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
  'cni-plugins': ['bridge', 'host-local', 'loopback', 'portmap'],
};

/** @param images default: those that every cluster has */
export async function buildBakeableCluster(settings: ClusterSettings, images?: readonly TestImage[]): Promise<BakeableCluster> {
  await mkdir(runDirectory(), { recursive: true });
  const upstream = await mkdtemp(join(runDirectory(), 'upstream-'));
  const store = await mkdtemp(join(runDirectory(), 'store-'));
  const archives = (images ?? [await pauseImage(), await corednsImage()]).map(({ archive }) => archive);
  let sources: readonly string[] = [];
  const built = await buildCluster({
    ...settings,
    spec: { dns: { imageTag: COREDNS_VERSION }, ...settings.spec },
    beforeBuild: async kubekiln => {
      sources = (await publishAll(kubekiln, upstream)).map(({ url }) => url.slice(SCHEME.length));
      await kubekiln('fetch', '--offline', '--cache-dir', store, ...[upstream, ...archives].flatMap(path => ['--from', path]));
    },
  });
  return { ...built, upstream, sources, store };
}

/** An offline bundle with all of it, verified, in a directory of its own, which it returns. */
export async function bundleOf({ kubekiln, store }: BakeableCluster): Promise<string> {
  const directory = await mkdtemp(join(runDirectory(), 'bundle-'));
  const bundle = join(directory, BUNDLE_NAME);
  await kubekiln('bundle', 'create', '--cache-dir', store, '--out', bundle);
  await kubekiln('bundle', 'verify', bundle);
  return directory;
}

export const BUNDLE_NAME = 'boot-bundle.tar';

/** Lays out below `upstream` what upstream would have at each address of `kubekiln images list`. */
async function publishAll(kubekiln: (...args: string[]) => Promise<string>, upstream: string): Promise<readonly Download[]> {
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
