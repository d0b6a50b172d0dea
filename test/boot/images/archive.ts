// Container images without a registry: OCI image layouts in a tar, which `ctr images import` takes. The same input gives the same bytes.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../command.ts';

export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const ARCHITECTURE = arch() === 'x64' ? 'amd64' : arch();
const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const REPRODUCIBLE = ['--sort=name', '--mtime=@0', '--numeric-owner', '--format=gnu'];

/** An image to be written: its root is the layers' directories over each other, the lowest first, owners and modes included. */
export interface ImageSource {
  readonly reference: string;
  readonly layers: readonly string[];
  readonly config: ImageConfig;
}

/** Writes `archive`, an image of one layer whose root is the directory `root`. It appears when it is complete. */
export function writeImage(archive: string, reference: string, root: string, config: ImageConfig): Promise<void> {
  return writeImages(archive, [{ reference, layers: [root], config }]);
}

/** The same with several images; a layer that they share stands in it once. */
export async function writeImages(archive: string, images: readonly ImageSource[]): Promise<void> {
  await mkdir(dirname(archive), { recursive: true });
  const layout = await mkdtemp(`${archive}.partial-`);
  const blobs = join(layout, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const keep = async (mediaType: string, from: string): Promise<Descriptor> => {
    const digest = await sha256(from);
    await rename(from, join(blobs, digest));
    return { mediaType, digest: `sha256:${digest}`, size: (await stat(join(blobs, digest))).size };
  };
  const keepJson = async (mediaType: string, value: object): Promise<Descriptor> => {
    await writeFile(join(layout, 'blob'), JSON.stringify(value));
    return keep(mediaType, join(layout, 'blob'));
  };
  const kept = new Map<string, Descriptor>();
  for (const root of images.flatMap(({ layers }) => layers)) {
    if (kept.has(root)) continue;
    await run('tar', [...REPRODUCIBLE, '--create', '--file', join(layout, 'blob'), '--directory', root, '.']);
    kept.set(root, await keep(LAYER, join(layout, 'blob')));
  }
  const manifests = [];
  for (const { reference, layers: roots, config } of images) {
    const layers = roots.flatMap(root => kept.get(root) ?? []);
    const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
    const image = await keepJson(CONFIG, { architecture: ARCHITECTURE, os: 'linux', config, rootfs });
    const manifest = await keepJson(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config: image, layers });
    const annotations = { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': reference.split(':').at(-1) };
    manifests.push({ ...manifest, annotations });
  }
  const index = { schemaVersion: 2, mediaType: INDEX, manifests };
  await writeFile(join(layout, 'index.json'), JSON.stringify(index));
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const tar = `${layout}.tar`;
  const content = ['oci-layout', 'index.json', 'blobs'];
  await run('tar', [
    ...REPRODUCIBLE,
    '--owner=0',
    '--group=0',
    '--mode=go=rX',
    '--create',
    '--file',
    tar,
    '--directory',
    layout,
    ...content,
  ]);
  await rename(tar, archive);
  await rm(layout, { recursive: true });
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
