// manifest.json as it may come back from a disk: every field is checked before anybody relies on it.
import {
  MANIFEST_API_VERSION,
  MANIFEST_KIND,
  type Manifest,
  type ManifestArtifact,
  type ManifestImage,
  type ManifestNode,
  type ManifestRuntime,
} from '../emit/manifest.ts';
import { isCleanRelativePath } from '../formats/entry-path.ts';
import { FormatError } from '../formats/format-error.ts';

const NODE_TEXTS = ['role', 'address', 'platform', 'instanceId', 'payloadDigest', 'field', 'notAfter'] as const;
const NODE_PATHS = ['use', 'userData', 'userDataGz', 'metaData', 'networkConfig', 'seedIso', 'tarball'] as const;

const ENCODINGS = ['text', 'gzip', 'gzip+base64', 'iso9660'] as const;

/** @throws FormatError */
export function readManifest(bytes: Uint8Array): Manifest {
  const value = recordOf(parseJson(bytes), 'manifest.json');
  if (value.apiVersion !== MANIFEST_API_VERSION || value.kind !== MANIFEST_KIND)
    throw new FormatError('unsupported', `not a ${MANIFEST_KIND} of ${MANIFEST_API_VERSION}`);
  const text = (key: 'cluster' | 'kubernetesVersion' | 'kubekilnVersion' | 'bootBefore') => textOf(value, key, 'manifest.json');
  const artifacts: unknown = value.artifacts;
  if (!Array.isArray(artifacts)) throw new FormatError('damaged', 'artifacts is not a list');
  return {
    apiVersion: MANIFEST_API_VERSION,
    kind: MANIFEST_KIND,
    cluster: text('cluster'),
    kubernetesVersion: text('kubernetesVersion'),
    kubekilnVersion: text('kubekilnVersion'),
    bootBefore: text('bootBefore'),
    runtime: readRuntime(value.runtime),
    image: readImage(value.image),
    nodes: Object.fromEntries(
      Object.entries(recordOf(value.nodes, 'nodes')).map(([name, node]) => [name, readNode(node, `nodes.${name}`)]),
    ),
    artifacts: artifacts.map((artifact, index) => readManifestArtifact(artifact, `artifacts[${index}]`)),
  };
}

const RUNTIME_SOURCES = ['inline', 'image', 'mirror', 'bundle'] as const;

function readRuntime(value: unknown): ManifestRuntime {
  const runtime = recordOf(value, 'runtime');
  const source = RUNTIME_SOURCES.find(one => one === runtime.source);
  if (!source) throw new FormatError('damaged', 'runtime.source is none that kubekiln knows');
  const texts = pick(['sha256', 'name', 'imagePath'], key => textOf(runtime, key, 'runtime'));
  return { source, path: pathOf(runtime, 'path', 'runtime'), ...texts };
}

function readImage(value: unknown): ManifestImage {
  const image = recordOf(value, 'image');
  return { path: pathOf(image, 'path', 'image'), sha256: textOf(image, 'sha256', 'image') };
}

function readNode(value: unknown, where: string): ManifestNode {
  const node = recordOf(value, where);
  const { generation } = node;
  if (typeof generation !== 'number') throw new FormatError('damaged', `${where}.generation is not a number`);
  const encoding = ENCODINGS.find(one => one === node.encoding);
  if (!encoding) throw new FormatError('damaged', `${where}.encoding is none that kubekiln knows`);
  const texts = pick(NODE_TEXTS, key => textOf(node, key, where));
  const paths = pick(NODE_PATHS, key => pathOf(node, key, where));
  return { ...texts, ...paths, encoding, generation };
}

function readManifestArtifact(value: unknown, where: string): ManifestArtifact {
  const artifact = recordOf(value, where);
  const sha256 = textOf(artifact, 'sha256', where);
  const mode = textOf(artifact, 'mode', where);
  const { size } = artifact;
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new FormatError('damaged', `${where}.sha256 is not a digest`);
  if (!/^0[0-7]{3}$/.test(mode)) throw new FormatError('damaged', `${where}.mode is not four octal digits`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw new FormatError('damaged', `${where}.size is not a size`);
  return { path: pathOf(artifact, 'path', where), sha256, size, mode };
}

function pick<K extends string>(keys: readonly K[], read: (key: K) => string): Record<K, string> {
  const picked: Partial<Record<K, string>> = {};
  for (const key of keys) picked[key] = read(key);
  return picked as Record<K, string>;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new FormatError('damaged', 'not JSON');
  }
}

function recordOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FormatError('damaged', `${where} is not an object`);
  return { ...value };
}

function textOf(record: Readonly<Record<string, unknown>>, key: string, where: string): string {
  const value = record[key];
  if (typeof value !== 'string') throw new FormatError('damaged', `${where}.${key} is not a string`);
  return value;
}

/** Paths stay below the manifest's own directory. */
function pathOf(record: Readonly<Record<string, unknown>>, key: string, where: string): string {
  const path = textOf(record, key, where);
  if (!isCleanRelativePath(path)) throw new FormatError('unsafe', `${where}.${key} is not a clean relative path`);
  return path;
}
