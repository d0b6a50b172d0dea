// What each group of files adds to a node's compressed user-data.
import { gzipSync } from 'node:zlib';
import { bytesOf } from './artifact.ts';
import type { Payload, PayloadEntry } from './payload.ts';
import { userData } from './user-data.ts';

export type WeightGroup = 'keys' | 'certificates' | 'units' | 'scripts' | 'configuration';

export interface Weight {
  readonly group: WeightGroup;
  readonly files: number;
  /** By how many bytes user-data.gz shrinks without this group. What groups share counts for none of them, so the sum stays below the whole. */
  readonly bytes: number;
}

const GROUPS: readonly WeightGroup[] = ['keys', 'certificates', 'units', 'scripts', 'configuration'];

/** Which group a file counts for: by what it holds, then by where it stands. */
export function weightGroup({ path, content }: PayloadEntry): WeightGroup {
  if (content.includes(' PRIVATE KEY-----')) return 'keys';
  if (content.startsWith('-----BEGIN')) return 'certificates';
  if (/\/systemd\/(system|network)\//.test(path)) return 'units';
  return content.startsWith('#!') ? 'scripts' : 'configuration';
}

/** The groups of a payload, heaviest first. Estimated by compressing without each group, with node's zlib: no artifact depends on these numbers. */
export function weigh(payload: Payload): readonly Weight[] {
  const size = (keep: (entry: PayloadEntry) => boolean) => gzipSync(bytesOf(userData(payload, payload.entries.filter(keep)))).length;
  const whole = size(() => true);
  const weights = GROUPS.map(group => ({
    group,
    files: payload.entries.filter(entry => weightGroup(entry) === group).length,
    bytes: whole - size(entry => weightGroup(entry) !== group),
  }));
  return weights.filter(weight => weight.files > 0).toSorted((a, b) => b.bytes - a.bytes);
}
