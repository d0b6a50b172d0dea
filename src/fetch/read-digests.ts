// Digests of what a mirror has, for a lock that has none yet. The mirror is believed this once; from then on nothing else is.
import { createHash } from 'node:crypto';
import { type DownloadSettings, download } from './http-download.ts';

export interface ReadDigest {
  readonly sha256: string;
  /** `sha256-file`: what <url>.sha256 says; `content`: computed over the file itself. */
  readonly from: 'sha256-file' | 'content';
  readonly url: string;
}

const DIGEST_FILE_BYTES = 1024;

/** A mirror that is upstream itself: a source below it is its own address. */
export const UPSTREAM = 'https:/';

/** Where a mirror has a program. */
export function urlOn(mirror: string, source: string): string {
  return `${mirror.replace(/(?<!:)\/+$/, '')}/${source}`;
}

/** @returns the digest from the first mirror that has the file, or each mirror's reason */
export async function readDigest(
  source: string,
  mirrors: readonly string[],
  settings: DownloadSettings,
): Promise<ReadDigest | { readonly reasons: readonly string[] }> {
  const reasons: string[] = [];
  for (const mirror of mirrors) {
    const url = urlOn(mirror, source);
    const stated = await statedDigest(url, settings);
    if (stated !== undefined) return { sha256: stated, from: 'sha256-file', url: `${url}.sha256` };
    try {
      return { sha256: await download(url, settings, contentDigest), from: 'content', url };
    } catch (error) {
      reasons.push(`${url}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { reasons };
}

/** What <url>.sha256 says; undefined where there is none, or something else. */
export function statedDigest(url: string, settings: DownloadSettings): Promise<string | undefined> {
  return download(`${url}.sha256`, settings, readStated).catch(() => undefined);
}

/** The digest alone, or a line of sha256sum; undefined for anything else (a page that says "not found"). */
async function readStated(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  let text = '';
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString('latin1');
    if (text.length > DIGEST_FILE_BYTES) return undefined;
  }
  return /^([0-9a-f]{64})(\s+\S+)?\s*$/.exec(text)?.[1];
}

async function contentDigest(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}
