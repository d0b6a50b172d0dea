// One blob from a server into the store: halves are continued, every byte is checked, and nothing that is not what it should be gets a name there.
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { named } from '../write/file-system-problem.ts';
import { lockPath } from '../write/lock.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';
import { forgetHalf, halfSize, hashOf, rememberOrigin, validatorOf } from './half.ts';
import { keepFile, reject, setAside, writeAll } from './keep-blob.ts';
import { retrying } from './retrying.ts';

export interface Wanted {
  /** Short, for the name under which a wrong file is kept. */
  readonly name: string;
  /** Where it comes from, for a later run: a half of another address has other bytes. */
  readonly url: string;
  /** Absent: it is what its bytes say. */
  readonly sha256?: string;
  readonly size?: number;
  /** @throws DownloadError for a file that is complete, and not what it should be */
  readonly check?: (path: string) => void;
}

export interface Transfer {
  readonly store: ArtifactStore;
  /** The answer to a request for the bytes from `range` on: status 200 or 206. @throws DownloadError, system errors of the connection */
  readonly open: (headers: Readonly<Record<string, string>>) => Promise<IncomingMessage>;
  readonly onBytes?: (count: number) => void;
  readonly signal?: AbortSignal;
}

export interface Received {
  readonly sha256: string;
  readonly size: number;
  /** It was there already: another run, or another part of this one, brought it. */
  readonly present: boolean;
}

/** Nobody's program or layer is larger: a server that never stops must not fill the disk. */
export const MAX_BLOB_BYTES = 16 * 2 ** 30;
const OTHER_RUN_PAUSE_MS = 200;
const inFlight = new Map<string, Promise<unknown>>();

/** @throws DownloadError, system errors of the store */
export async function receive(wanted: Wanted, transfer: Transfer): Promise<Received> {
  const half = transfer.store.partialOf(wanted.sha256 ?? createHash('sha256').update(wanted.url).digest('hex'));
  while (inFlight.has(half)) await inFlight.get(half)?.catch(() => undefined);
  const work = receiveAlone(half, wanted, transfer);
  inFlight.set(half, work);
  try {
    return await work;
  } finally {
    inFlight.delete(half);
  }
}

/** While no other run writes the same half. */
async function receiveAlone(half: string, wanted: Wanted, transfer: Transfer): Promise<Received> {
  mkdirSync(dirname(half), { recursive: true });
  for (;;) {
    const lock = await lockPath(half, half);
    if ('release' in lock) {
      try {
        return await receiveLocked(half, wanted, transfer);
      } finally {
        lock.release();
      }
    }
    if (transfer.signal?.aborted === true) throw new DownloadError('it was given up', true);
    await sleep(OTHER_RUN_PAUSE_MS);
  }
}

async function receiveLocked(half: string, wanted: Wanted, transfer: Transfer): Promise<Received> {
  const { store } = transfer;
  const present = wanted.sha256 !== undefined && store.has(wanted.sha256);
  if (present) return { sha256: wanted.sha256 ?? '', size: halfSize(store.pathOf(wanted.sha256 ?? '')), present };
  for (;;) {
    const resumed = halfSize(half) > 0;
    let gained = 0;
    const onBytes = (count: number) => {
      gained += count;
      transfer.onBytes?.(count);
    };
    const { hash, size } = await retrying(
      () => receiveRest(half, wanted, { ...transfer, onBytes }),
      () => gained,
      transfer.signal,
    );
    const sha256 = hash.digest('hex');
    if ((wanted.sha256 ?? sha256) === sha256) {
      checkWhole(half, sha256, wanted, store);
      keepFile(store, half, sha256);
      forgetHalf(half);
      return { sha256, size, present: false };
    }
    // A half of other bytes, or of a run that was cut off while it wrote: the whole may be right.
    if (!resumed) throw reject(store, half, wanted.sha256 ?? '', wanted.name, sha256);
    forgetHalf(half);
  }
}

/** @throws DownloadError, and the file is kept aside */
function checkWhole(half: string, sha256: string, { name, check }: Wanted, store: ArtifactStore): void {
  try {
    check?.(half);
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const { code, message } = error;
    throw new DownloadError(`${message}; it is kept as ${setAside(store, half, sha256, name)}`, true, { code });
  }
}

async function receiveRest(half: string, wanted: Wanted, { open, onBytes, signal }: Transfer): Promise<{ hash: Hash; size: number }> {
  const { url, size: wantedSize } = wanted;
  let from = halfSize(half);
  const validator = validatorOf(half, url);
  // Without a digest nothing would notice that the rest is that of another file.
  if (from > (wantedSize ?? MAX_BLOB_BYTES) || (wanted.sha256 === undefined && validator === undefined)) from = 0;
  if (from > 0 && from === wantedSize) return { hash: await hashOf(half), size: from };
  const range = from > 0 ? { range: `bytes=${from}-`, ...(validator !== undefined && { 'if-range': validator }) } : {};
  let response: IncomingMessage;
  try {
    response = await open(range);
  } catch (error) {
    if (!(error instanceof DownloadError) || error.status !== 416) throw error;
    // The half is as long as the whole, or longer.
    forgetHalf(half);
    throw new DownloadError(error.message, from === 0);
  }
  if (response.statusCode === 206 && Number(/^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1]) !== from) {
    response.destroy();
    forgetHalf(half);
    throw new DownloadError('the server answered with another range than asked for', from === 0);
  }
  const continues = response.statusCode === 206;
  if (!continues) {
    from = 0;
    rememberOrigin(half, url, response);
  }
  const hash = continues ? await hashOf(half) : createHash('sha256');
  const file = await openFile(half, continues ? 'a' : 'w', 0o644).catch(error => Promise.reject(named(error, half)));
  let size = from;
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      if (signal?.aborted === true) throw new DownloadError('it was given up', true);
      size += chunk.length;
      if (size > (wantedSize ?? MAX_BLOB_BYTES)) throw tooLong(half, wantedSize);
      await writeAll(file, chunk, half);
      hash.update(chunk);
      onBytes?.(chunk.length);
    }
  } finally {
    response.destroy();
    await file.close();
  }
  if (wantedSize !== undefined && size < wantedSize)
    // A whole answer that ends in order is all that there is; the rest of one may come in several.
    throw new DownloadError(`it ends after ${size} of ${wantedSize} bytes`, !continues, { code: 'size-mismatch' });
  return { hash, size };
}

function tooLong(half: string, wantedSize: number | undefined): DownloadError {
  forgetHalf(half);
  if (wantedSize === undefined) return new DownloadError(`it is larger than ${MAX_BLOB_BYTES} bytes`, true, { code: 'artifact-too-large' });
  return new DownloadError(`it is longer than the ${wantedSize} bytes that its manifest says`, true, { code: 'size-mismatch' });
}
