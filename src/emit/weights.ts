// What each group of files adds to a node's compressed user-data.
import { deflateRawSync } from 'node:zlib';
import { bytesOf } from './artifact.ts';
import { carriedEntries, type Payload, type PayloadEntry } from './payload.ts';

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

/** The groups of a payload, heaviest first. Estimated by compressing the files without each group, with node's zlib: no artifact depends on these numbers. */
export function weigh(payload: Payload): readonly Weight[] {
  const entries = carriedEntries(payload);
  const groups = entries.map(weightGroup);
  const size = (without?: WeightGroup) => {
    const kept = entries.filter((_entry, index) => groups[index] !== without);
    return deflateRawSync(bytesOf(kept.map(({ path, content }) => `${path}\n${content}`).join('')), { level: FAST }).length;
  };
  const whole = size();
  const present = GROUPS.filter(group => groups.includes(group));
  const weights = present.map(group => ({ group, files: groups.filter(one => one === group).length, bytes: whole - size(group) }));
  return weights.toSorted((a, b) => b.bytes - a.bytes);
}

/** A level of zlib that is near enough. */
const FAST = 3;
