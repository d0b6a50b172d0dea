// The offline bundle: one tar with everything that the nodes of a cluster fetch otherwise. Its first member is this index, which a shell can read
// too: one item per line, blanks between fields. It holds nothing of a node and nothing secret.
import { FormatError } from '../formats/format-error.ts';
import type { Architecture } from '../spec/cluster.ts';

export const INDEX_MEMBER = 'kubekiln-bundle';
export const SUMS_MEMBER = 'SHA256SUMS';
export const SBOM_MEMBER = 'sbom.spdx.json';
const FORMAT = 1;

/** `-` as it is, `gz` gzip, `zst` zstd. */
export type Encoding = '-' | 'gz' | 'zst';

interface Stored {
  /** Hex, of the decoded content. */
  readonly sha256: string;
  /** Bytes of the decoded content. */
  readonly size: number;
  /** Path in the bundle. */
  readonly member: string;
  readonly encoding: Encoding;
}

export interface RuntimeEntry extends Stored {
  readonly kind: 'runtime';
  /** `runtime-<12 hex>.tar.gz` */
  readonly name: string;
}

/** A program as upstream publishes it. */
export interface FileEntry extends Stored {
  readonly kind: 'file';
  /** Its upstream address without `https://`. */
  readonly source: string;
}

/** A container image for one architecture: the decoded content is a tar with an OCI image layout. */
export interface ImageEntry extends Stored {
  readonly kind: 'image';
  readonly architecture: Architecture;
  /** `sha256:…` of its index or manifest, as the lock pins it. */
  readonly digest: string;
  /** As manifests name it. */
  readonly name: string;
}

export type Entry = RuntimeEntry | FileEntry | ImageEntry;

/** Its text; two indexes whose entries differ in digests only have the same length. */
export function writeIndex(entries: readonly Entry[]): Uint8Array {
  const lines = entries.map(entry => [entry.kind, entry.sha256, entry.size, entry.member, entry.encoding, ...lastFields(entry)].join(' '));
  return Buffer.from([`${INDEX_MEMBER} ${FORMAT}`, ...lines].map(line => `${line}\n`).join(''));
}

function lastFields(entry: Entry): readonly string[] {
  if (entry.kind === 'image') return [entry.architecture, entry.digest, entry.name];
  return [entry.kind === 'runtime' ? entry.name : entry.source];
}

const COMMON = '([0-9a-f]{64}) (0|[1-9][0-9]{0,14}) ([A-Za-z0-9._/+-]{1,100}) (-|gz|zst)';
const RUNTIME = new RegExp(`^runtime ${COMMON} (runtime-[0-9a-f]{12}\\.tar\\.gz)$`);
const FILE = new RegExp(`^file ${COMMON} ([A-Za-z0-9._~/+-]+)$`);
const IMAGE = new RegExp(`^image ${COMMON} (amd64|arm64) (sha256:[0-9a-f]{64}) ([A-Za-z0-9._/:@-]+)$`);

/** @throws FormatError for anything but an index of this version */
export function parseIndex(content: Uint8Array): readonly Entry[] {
  const text = Buffer.from(content).toString('latin1');
  const [, version] = /^kubekiln-bundle ([0-9]+)\n/.exec(text) ?? [];
  if (version === undefined) throw new FormatError('damaged', 'the first line of its index is not that of a bundle');
  if (version !== String(FORMAT)) throw new FormatError('unsupported', `the bundle has format ${version}; this kubekiln knows ${FORMAT}`);
  if (!text.endsWith('\n')) throw new FormatError('damaged', 'the last line of its index has no end');
  return text.split('\n').slice(1, -1).map(parseLine);
}

function parseLine(line: string, position: number): Entry {
  const [, kind = ''] = /^([a-z]+) /.exec(line) ?? [];
  const words = (kind === 'runtime' ? RUNTIME : kind === 'file' ? FILE : IMAGE).exec(line)?.slice(1) ?? [];
  const [sha256 = '', size = '', member = '', encoding, last = '', digest = '', name = ''] = words;
  if (words.length === 0 || (encoding !== '-' && encoding !== 'gz' && encoding !== 'zst'))
    throw new FormatError('damaged', `line ${position + 2} of its index cannot be read`);
  const stored = { sha256, size: Number(size), member, encoding } as const;
  if (kind === 'runtime') return { kind, ...stored, name: last };
  if (kind === 'file') return { kind, ...stored, source: last };
  return { kind: 'image', ...stored, architecture: last === 'arm64' ? 'arm64' : 'amd64', digest, name };
}

/** What it is, for messages: `registry.k8s.io/pause:3.10.2 (amd64)`. */
export function titleOf(entry: Entry): string {
  if (entry.kind === 'image') return `${entry.name} (${entry.architecture})`;
  return entry.kind === 'runtime' ? entry.name : entry.source;
}
