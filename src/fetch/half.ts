// The half of a file, and whom it came from, so that a later run goes on where this one stopped.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';

/** What must be unchanged at the server for the rest to fit. */
export interface HalfOrigin {
  readonly url: string;
  /** A strong ETag, or Last-Modified: RFC 9110, 13.1.5. */
  readonly validator: string;
}

const originFile = (half: string) => `${half}.origin`;

export function halfSize(half: string): number {
  return statSync(half, { throwIfNoEntry: false })?.size ?? 0;
}

/** The validator of a half that came from this URL. */
export function validatorOf(half: string, url: string): string | undefined {
  try {
    const origin: Partial<HalfOrigin> = JSON.parse(readFileSync(originFile(half), 'utf8'));
    return origin.url === url && typeof origin.validator === 'string' ? origin.validator : undefined;
  } catch {
    // not there, or cut off when a run was killed: then the file begins anew
    return undefined;
  }
}

/** Remembers whom the first bytes came from. @throws system errors */
export function rememberOrigin(half: string, url: string, { headers }: IncomingMessage): void {
  const validator = headers.etag?.startsWith('W/') === false ? headers.etag : headers['last-modified'];
  if (validator === undefined) rmSync(originFile(half), { force: true });
  else writeFileSync(originFile(half), JSON.stringify({ url, validator } satisfies HalfOrigin));
}

/** @throws system errors */
export function forgetHalf(half: string): void {
  rmSync(half, { force: true });
  rmSync(originFile(half), { force: true });
}

/** @throws system errors */
export async function hashOf(path: string): Promise<Hash> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash;
}
