// Offline bundles as a node reads them, made by hand: the index is what docs/bundle.md says of it.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { writeTar } from '../../src/formats/tar-writer.ts';

export const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

export interface Member {
  /** The first word of its line of the index. */
  readonly kind: 'runtime' | 'file' | 'image';
  /** What comes behind ENCODING: `NAME`, `SOURCE`, `ARCH DIGEST NAME`. */
  readonly words: string;
  readonly content: Uint8Array;
  readonly encoding?: '-' | 'gz';
  /** Stored instead of the content. */
  readonly stored?: Uint8Array;
}

export function sampleBundle(members: readonly Member[]): Uint8Array {
  const named = members.map((member, index) => ({ ...member, path: `members/${index}`, encoding: member.encoding ?? '-' }));
  const lines = named.map(
    ({ kind, words, content, path, encoding }) => `${kind} ${sha256(content)} ${content.length} ${path} ${encoding} ${words}\n`,
  );
  const index = Buffer.from(`kubekiln-bundle 1\n${lines.join('')}`);
  const stored = ({ content, encoding, stored: own }: (typeof named)[number]) => own ?? (encoding === 'gz' ? gzipSync(content) : content);
  return writeTar([
    { path: 'kubekiln-bundle', mode: 0o644, content: index },
    ...named.map(member => ({ path: member.path, mode: 0o644, content: stored(member) })),
  ]);
}
