import { setTimeout as sleep } from 'node:timers/promises';
import { DownloadError } from './download-error.ts';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 250;
const MAX_PATIENCE_MS = 60_000;
/** Of a file that comes in pieces: each of them moved it on. */
const MAX_PIECES = 100;

/**
 * Does `work` again while its failure may heal: a connection that broke, a server that answers 5xx or 429 (and says in Retry-After when to come back).
 * @param gained counts up as work moves on: a failure after progress does not use up an attempt
 * @throws DownloadError, system errors of files
 */
export async function retrying<T>(work: () => Promise<T>, gained: () => number = () => 0, signal?: AbortSignal): Promise<T> {
  let before = gained();
  for (let attempt = 1, pieces = 0; ; attempt++, pieces++) {
    try {
      return await work();
    } catch (error) {
      if (isFileError(error)) throw error;
      const failure = error instanceof DownloadError ? error : new DownloadError(reasonOf(error), !mayHeal(error));
      if (gained() > before && pieces < MAX_PIECES) attempt = 1;
      before = gained();
      if (failure.final || attempt >= ATTEMPTS || signal?.aborted === true) throw failure;
      if ((failure.retryAfter ?? 0) > MAX_PATIENCE_MS) throw askedTooMuch(failure);
      await sleep(failure.retryAfter ?? FIRST_PAUSE_MS * 2 ** attempt, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}

function askedTooMuch(failure: DownloadError): DownloadError {
  const minutes = Math.ceil((failure.retryAfter ?? 0) / 60_000);
  return new DownloadError(`${failure.message}, and asks to come back in ${minutes} minutes`, true, { code: failure.code });
}

/** A connection that broke. One that was never made (nobody listens, no such name, another authority) is a mistake to be told at once. */
function mayHeal(error: unknown): boolean {
  return ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_CHUNK_SIZE'].includes(codeOf(error));
}

/** Of a disk, which no server heals: `path` stands on it, or the system call is one of files. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // what stands behind several addresses of one name has no message of its own
  const inner = error instanceof AggregateError ? error.errors.find((one): one is Error => one instanceof Error) : undefined;
  return error.message || inner?.message || codeOf(error);
}
