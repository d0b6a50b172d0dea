// A project whose programs and images are small handmade ones in an artifact store of its own, pinned by its lock file.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Lock, parseLock, serializeLock } from '../../src/pki/lock-file.ts';
import { newProject, succeed } from '../cli/program.ts';

export const ARCHITECTURES = ['amd64', 'arm64'] as const;
type Architecture = (typeof ARCHITECTURES)[number];

export interface Sample {
  /** Of cluster.yaml. */
  readonly directory: string;
  readonly store: string;
  readonly programs: readonly {
    readonly name: string;
    readonly url: string;
    readonly sha256: string;
    readonly architecture: Architecture;
  }[];
  readonly images: readonly { readonly image: string; readonly digest: string; readonly usedBy: string }[];
}

/**
 * @param edit of cluster.yaml
 * @param siblings files beside it
 */
export function sampleProject(edit: (text: string) => string = text => text, siblings: Readonly<Record<string, string>> = {}): Sample {
  const directory = newProject();
  for (const [name, content] of Object.entries(siblings)) writeFileSync(join(directory, name), content);
  const file = join(directory, 'cluster.yaml');
  writeFileSync(file, edit(readFileSync(file, 'utf8')));
  return fillStore(directory);
}

/** Puts what cluster.yaml needs into a store, and pins it. */
export function fillStore(directory: string): Sample {
  const store = join(directory, 'store');
  mkdirSync(join(store, 'sha256'), { recursive: true });
  const listed: { binaries: Omit<Sample['programs'][number], 'sha256'>[]; images: { image: string; usedBy: string }[] } = JSON.parse(
    succeed(['images', 'list', '-o', 'json'], { cwd: directory }).stdout,
  );
  const programs = listed.binaries.map(program => ({ ...program, sha256: put(store, programContent(program.url)) }));
  const images = listed.images.map(({ image, usedBy }) => ({ image, usedBy, digest: putImage(store, image) }));
  pin(directory, {
    binaries: programs.map(({ name, url, sha256, architecture }) => ({ name, version: 'v1', architecture, url, sha256 })),
    images: images.map(({ image, digest }) => ({ image, digest })),
  });
  return { directory, store, programs, images };
}

export function pin(directory: string, pins: Pick<Lock, 'binaries' | 'images'>): void {
  const file = join(directory, 'cluster.lock.yaml');
  const { lock } = parseLock({ fileName: file, text: readFileSync(file, 'utf8') });
  if (!lock) throw new Error('no lock');
  writeFileSync(file, serializeLock({ ...lock, ...pins }));
}

/** Archives as gzip, as upstream has them; of the programs one fills several blocks when it is deflated. */
function programContent(url: string): Buffer {
  const count = url.endsWith('/kube-apiserver') ? 20_000 : 300;
  const lines = Array.from({ length: count }, (_, line) => `${url} ${line} ${(line * 2_654_435_761) % 4_294_967_291}\n`);
  const content = Buffer.from(lines.join(''));
  return url.endsWith('gz') ? gzipSync(content.subarray(0, 50_000)) : content;
}

/** @returns hex SHA-256 */
export function put(store: string, content: Uint8Array): string {
  const sha256 = createHash('sha256').update(content).digest('hex');
  writeFileSync(join(store, 'sha256', sha256), content);
  return sha256;
}

/** An index with a manifest for each architecture. @returns its digest */
export function putImage(store: string, image: string, architectures: readonly string[] = ARCHITECTURES): string {
  const manifests = architectures.map(architecture => {
    const manifest = putManifest(store, image, architecture);
    return { ...manifest, platform: { os: 'linux', architecture } };
  });
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
  return `sha256:${put(store, Buffer.from(JSON.stringify(index)))}`;
}

export function putManifest(store: string, image: string, architecture: string): { mediaType: string; digest: string; size: number } {
  const descriptor = (mediaType: string, content: Buffer) => ({ mediaType, digest: `sha256:${put(store, content)}`, size: content.length });
  const layer = gzipSync(Buffer.from(`${image} on ${architecture}\n`.repeat(5000)));
  const config = Buffer.from(
    JSON.stringify({ architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, config: { Labels: { image } } }),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer)],
  };
  return descriptor(manifest.mediaType, Buffer.from(JSON.stringify(manifest)));
}
