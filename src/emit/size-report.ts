// How much of its platform's limit each node's user-data takes, and what to do when it does not fit.
import { invariant } from '../bug.ts';
import { thousands } from '../formats/thousands.ts';
import type { Problem } from '../problem.ts';
import { bytesOf, nodePath } from './artifact.ts';
import type { ManifestArtifact } from './manifest.ts';
import { carriedEntries, type Payload, type PayloadEntry } from './payload.ts';
import {
  base64Length,
  countedFile,
  countedSize,
  type Encoding,
  encodingOf,
  type HandedOver,
  handedOver,
  type Platform,
  platformOf,
} from './platforms.ts';
import { compressUserData, packedUserData, userData } from './user-data.ts';
import { type Weight, weigh, weightGroup } from './weights.ts';

export interface SizeRow {
  readonly node: string;
  readonly role: string;
  readonly platform: string;
  /** File name of the artifact that this platform is given. */
  readonly use: HandedOver;
  readonly encoding: Encoding;
  /** What the platform's API calls the field that takes it. */
  readonly field: string;
  /** In the unit that the platform counts. */
  readonly bytes: number;
  readonly limit?: number;
  /** What plain user-data would be there, in the same unit; absent where a volume is handed over. */
  readonly plain?: number;
}

export interface SizeReport {
  readonly rows: readonly SizeRow[];
  /** `user-data-too-large`, one for each node that does not fit. */
  readonly problems: readonly Problem[];
  /** What the heaviest payload of each role consists of. */
  readonly weights: readonly { readonly node: string; readonly role: string; readonly parts: readonly Weight[] }[];
}

/** A P-256 certificate and key in user-data.gz, as measured. */
const P256_PAIR_BYTES = 410;
const MAX_CURVE_KEY_PEM = 500;
/** What the boot script grows by when it must find the runtime part elsewhere, after gzip and at most, with its URLs and settings. */
const FETCHING_BYTES = 1000;

export interface EmittedNode {
  readonly payload: Payload;
  /** Of this node. */
  readonly artifacts: readonly Pick<ManifestArtifact, 'path' | 'size'>[];
}

/** Takes one pass, and holds of it the heaviest payload of each role. */
export function sizeReport(nodes: Iterable<EmittedNode>): SizeReport {
  const rows: SizeRow[] = [];
  const problems: Problem[] = [];
  const heaviest = new Map<string, { readonly payload: Payload; readonly bytes: number }>();
  for (const { payload, artifacts } of nodes) {
    const sizes = new Map(artifacts.map(({ path, size }) => [path, size]));
    const bytesIn = (file: string) => {
      const bytes = sizes.get(nodePath(payload.node.name, file));
      invariant(bytes !== undefined, `no ${file} was made for ${payload.node.name}`);
      return bytes;
    };
    const platform = platformOf(payload);
    const use = handedOver(platform, file => sizes.has(nodePath(payload.node.name, file)));
    const counted = (file: string) => countedSize(platform, bytesIn(file));
    const one = row(payload, platform, use, counted(countedFile(use)), use === 'seed.iso' ? undefined : () => counted('user-data'));
    rows.push(one);
    if (one.limit !== undefined && one.bytes > one.limit) problems.push(tooLarge(payload, platform, one, one.limit));
    const { role } = payload.node;
    const bytes = bytesIn('user-data.gz');
    if (bytes > (heaviest.get(role)?.bytes ?? -1)) heaviest.set(role, { payload, bytes });
  }
  const weights = [...heaviest.values()].map(({ payload }) => ({
    node: payload.node.name,
    role: payload.node.role,
    parts: weigh(payload),
  }));
  return { rows, problems, weights };
}

function row({ node }: Payload, { name, field, limit }: Platform, use: HandedOver, bytes: number, plain?: () => number): SizeRow {
  const known = { node: node.name, role: node.role, platform: name, use, encoding: encodingOf(use), field, bytes };
  return { ...known, ...(limit !== undefined && { limit }), ...(plain && { plain: plain() }) };
}

/** In words, how a file comes to its size. */
const HOW: Readonly<Record<HandedOver, string>> = {
  'user-data': 'of plain text',
  'user-data.gz': 'after gzip',
  'user-data.b64': 'after gzip',
  'user-data.packed': 'of text, packed',
  'seed.iso': 'of a volume',
};

function tooLarge(payload: Payload, platform: Platform, { use, bytes }: SizeRow, limit: number): Problem {
  const weights = weigh(payload);
  const heaviest = weights.slice(0, 3).map(weight => `${weight.group} ${kilobytes(weight.bytes)}`);
  const base64 = platform.counts === 'base64' ? ' and base64' : '';
  return {
    severity: 'error',
    code: 'user-data-too-large',
    path: [],
    message: `${payload.node.name}: ${thousands(bytes)} bytes ${HOW[use]}${base64}; ${platform.name} takes ${thousands(limit)} (${platform.unit}): ${thousands(bytes - limit)} too many`,
    details: [
      `heaviest: ${heaviest.join(', ')} (kubekiln inspect out/${payload.clusterName}/${nodePath(payload.node.name, use)})`,
      `fits: ${whatFits(payload, platform, { use, bytes }, limit, weights).join(' · ')}`,
    ],
    value: bytes,
  };
}

/** Remedies that would bring this node under the limit, each by itself. */
function whatFits(
  payload: Payload,
  platform: Platform,
  { use, bytes }: Pick<SizeRow, 'use' | 'bytes'>,
  limit: number,
  weights: readonly Weight[],
): readonly string[] {
  const remedies: string[] = [];
  const keys = payload.entries.filter(entry => weightGroup(entry) === 'keys');
  const pairs = weights.filter(({ group }) => group === 'keys' || group === 'certificates').reduce((sum, weight) => sum + weight.bytes, 0);
  const counted = (compressed: number) => (use === 'user-data.packed' ? base64Length(compressed) : countedSize(platform, compressed));
  const withP256 = bytes - counted(pairs) + counted(keys.length * P256_PAIR_BYTES);
  if (use !== 'user-data' && keys.some(entry => isRsa(entry.content)) && withP256 <= limit)
    remedies.push('encryptionAlgorithm: ECDSA-P256');
  const carried = carriedEntries(payload);
  const rest = carried.filter(entry => entry.part !== 'runtime');
  if (rest.length < carried.length && sizeOf(payload, platform, rest) + FETCHING_BYTES <= limit)
    remedies.push('runtime: {source: image}', 'runtime: {source: mirror, url: …}');
  if (payload.parts.length > 0 && sizeOf({ ...payload, parts: [] }, platform, carried) <= limit) remedies.push('no node.userDataParts');
  return [...remedies, 'platform: nocloud (seed.iso)'];
}

function sizeOf(payload: Payload, platform: Platform, entries: readonly PayloadEntry[]): number {
  const plain = bytesOf(userData(payload, entries));
  if (platform.use !== 'user-data') return countedSize(platform, compressUserData(plain, platform).length);
  return countedSize(platform, Math.min(plain.length, bytesOf(packedUserData(payload, entries)).length));
}

/** The shortest RSA key in PKCS#8 has twice as many characters as the longest key on a curve. */
function isRsa(pem: string): boolean {
  return pem.length > MAX_CURVE_KEY_PEM;
}

/** Rounded to whole or, below ten, tenths of 1,000 bytes. */
function kilobytes(bytes: number): string {
  return `${bytes < 10_000 ? (bytes / 1000).toFixed(1) : Math.round(bytes / 1000)} KB`;
}
