// How much of its platform's limit each node's user-data takes, and what to do when it does not fit.
import { invariant } from '../bug.ts';
import { thousands } from '../formats/thousands.ts';
import type { Problem } from '../problem.ts';
import { bytesOf, nodePath } from './artifact.ts';
import type { EmittedNode } from './emit-nodes.ts';
import { carriedEntries, type Payload, type PayloadEntry } from './payload.ts';
import { countedSize, type Platform, platformOf } from './platforms.ts';
import { compressUserData, userData } from './user-data.ts';
import { type Weight, weigh, weightGroup } from './weights.ts';

export interface SizeRow {
  readonly node: string;
  readonly role: string;
  readonly platform: string;
  /** File name of the artifact that this platform is given. */
  readonly use: Platform['use'];
  /** In the unit that the platform counts. */
  readonly bytes: number;
  readonly limit?: number;
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

/** Takes one pass, and keeps of it the heaviest payload of each role. */
export function sizeReport(nodes: Iterable<EmittedNode>): SizeReport {
  const rows: SizeRow[] = [];
  const problems: Problem[] = [];
  const heaviest = new Map<string, { readonly payload: Payload; readonly bytes: number }>();
  for (const emitted of nodes) {
    const { payload } = emitted;
    const platform = platformOf(payload);
    const bytes = countedSize(platform, size(emitted, platform.use));
    rows.push(row(payload, platform, bytes));
    if (platform.limit !== undefined && bytes > platform.limit) problems.push(tooLarge(payload, platform, bytes, platform.limit));
    const { role } = payload.node;
    const compressed = size(emitted, 'user-data.gz');
    if (compressed > (heaviest.get(role)?.bytes ?? -1)) heaviest.set(role, { payload, bytes: compressed });
  }
  const weights = [...heaviest.values()].map(({ payload }) => ({
    node: payload.node.name,
    role: payload.node.role,
    parts: weigh(payload),
  }));
  return { rows, problems, weights };
}

function size({ payload, artifacts }: EmittedNode, file: string): number {
  const path = nodePath(payload.node.name, file);
  const artifact = artifacts.find(one => one.path === path);
  invariant(artifact, `no ${path} was made`);
  return artifact.content.length;
}

function row({ node }: Payload, { name, use, limit }: Platform, bytes: number): SizeRow {
  return { node: node.name, role: node.role, platform: name, use, bytes, ...(limit !== undefined && { limit }) };
}

function tooLarge(payload: Payload, platform: Platform, bytes: number, limit: number): Problem {
  const weights = weigh(payload);
  const heaviest = weights.slice(0, 3).map(weight => `${weight.group} ${kilobytes(weight.bytes)}`);
  const how = platform.use === 'user-data.gz' ? 'after gzip' : 'of plain text';
  const base64 = platform.counts === 'base64' ? ' and base64' : '';
  return {
    severity: 'error',
    code: 'user-data-too-large',
    path: [],
    message: `${payload.node.name}: ${thousands(bytes)} bytes ${how}${base64}; ${platform.name} takes ${thousands(limit)} (${platform.unit}): ${thousands(bytes - limit)} too many`,
    details: [
      `heaviest: ${heaviest.join(', ')} (kubekiln inspect out/${payload.clusterName}/${nodePath(payload.node.name, platform.use)})`,
      `fits: ${whatFits(payload, platform, bytes, limit, weights).join(' · ')}`,
    ],
    value: bytes,
  };
}

/** Remedies that would bring this node under the limit, each by itself. */
function whatFits(payload: Payload, platform: Platform, bytes: number, limit: number, weights: readonly Weight[]): readonly string[] {
  const remedies: string[] = [];
  const keys = payload.entries.filter(entry => weightGroup(entry) === 'keys');
  const pairs = weights.filter(({ group }) => group === 'keys' || group === 'certificates').reduce((sum, weight) => sum + weight.bytes, 0);
  const withP256 = bytes - countedSize(platform, pairs) + countedSize(platform, keys.length * P256_PAIR_BYTES);
  if (platform.use !== 'user-data' && keys.some(entry => isRsa(entry.content)) && withP256 <= limit)
    remedies.push('encryptionAlgorithm: ECDSA-P256');
  const carried = carriedEntries(payload);
  const rest = carried.filter(entry => entry.part !== 'runtime');
  if (rest.length < carried.length && sizeOf(payload, platform, rest) + FETCHING_BYTES <= limit)
    remedies.push('runtime: {source: image}', 'runtime: {source: mirror, url: …}');
  return [...remedies, 'platform: nocloud (seed.iso)'];
}

function sizeOf(payload: Payload, platform: Platform, entries: readonly PayloadEntry[]): number {
  const plain = bytesOf(userData(payload, entries));
  return countedSize(platform, platform.use === 'user-data' ? plain.length : compressUserData(plain, platform).length);
}

/** The shortest RSA key in PKCS#8 has twice as many characters as the longest key on a curve. */
function isRsa(pem: string): boolean {
  return pem.length > MAX_CURVE_KEY_PEM;
}

/** Rounded to whole or, below ten, tenths of 1,000 bytes. */
function kilobytes(bytes: number): string {
  return `${bytes < 10_000 ? (bytes / 1000).toFixed(1) : Math.round(bytes / 1000)} KB`;
}
