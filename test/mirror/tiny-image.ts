// Container images of a few bytes, as registries hold them: an index of one or more architectures, or a single manifest.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { writeTar } from '../../src/formats/tar-writer.ts';

export interface TinyImage {
  /** Configurations and layers. */
  readonly blobs: readonly Buffer[];
  /** Manifests, the topmost last. */
  readonly documents: readonly { readonly mediaType: string; readonly bytes: Buffer }[];
  /** `sha256:…` of the topmost. */
  readonly digest: string;
  readonly parts: readonly TinyPart[];
}

/** One architecture. */
export interface TinyPart {
  readonly architecture: string;
  readonly config: Buffer;
  readonly layers: readonly Buffer[];
  /** Uncompressed. */
  readonly tars: readonly Buffer[];
  readonly manifest: Buffer;
}

const MEDIA = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const;

export const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export interface TinySettings {
  readonly architectures?: readonly string[];
  /** A single manifest without an index. */
  readonly single?: boolean;
  readonly media?: keyof typeof MEDIA;
  /** What the configuration says, where it lies. */
  readonly configArchitecture?: string;
  /** Added to the size of each layer in the manifest. */
  readonly lie?: number;
}

/** @param text what is in its layers, besides what all have in common */
export function tinyImage(text: string, settings: TinySettings = {}): TinyImage {
  const { architectures = ['amd64'], single = false, media = 'oci', configArchitecture, lie = 0 } = settings;
  const types = MEDIA[media];
  const parts = architectures.map((architecture): TinyPart => {
    const contents = ['the same in all', `${text} for ${architecture} ${createHash('sha512').update(text).digest('base64').repeat(40)}`];
    const tars = contents.map(content => Buffer.from(writeTar([{ path: 'file', mode: 0o644, content: Buffer.from(content) }])));
    const layers = tars.map(tar => gzipSync(tar));
    const config = json({
      architecture: configArchitecture ?? architecture,
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
    });
    const manifest = json({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: descriptor(types.config, config),
      layers: layers.map(layer => ({ ...descriptor(types.layer, layer), size: layer.length + lie })),
    });
    return { architecture, config, layers, tars, manifest };
  });
  const manifests = parts.map(({ manifest }) => ({ mediaType: types.manifest, bytes: manifest }));
  const index = json({
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [
      ...parts.map(({ manifest, architecture }) => ({ ...descriptor(types.manifest, manifest), platform: { architecture, os: 'linux' } })),
    ],
  });
  const documents = single ? manifests : [...manifests, { mediaType: types.index, bytes: index }];
  return {
    blobs: parts.flatMap(({ config, layers }) => [config, ...layers]),
    documents,
    digest: digestOf(documents.at(-1)?.bytes ?? index),
    parts,
  };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function descriptor(mediaType: string, bytes: Uint8Array): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
