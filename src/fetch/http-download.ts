// One file over HTTP(S), streamed. Redirects are followed, but credentials stay with the host that they are for; a connection that breaks, or a server
// that answers 5xx, is tried again a few times. Node's fetch knows no authority of one's own.
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

export interface DownloadSettings {
  /** PEM, instead of the system's authorities. */
  readonly authority?: string;
  readonly credentials: readonly { readonly host: string; readonly username: string; readonly password: string }[];
}

/** Why a file did not come. */
export class DownloadError extends Error {
  override name = 'DownloadError';
  /** The server said so: trying again gives the same. */
  readonly final: boolean;
  constructor(message: string, final: boolean) {
    super(message);
    this.final = final;
  }
}

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 250;
const MAX_REDIRECTS = 5;
const IDLE_MS = 30_000;

/**
 * Hands the body to `use`, which starts anew with each attempt.
 * @throws DownloadError
 */
export async function download<T>(
  url: string,
  settings: DownloadSettings,
  use: (body: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await open(new URL(url), settings, MAX_REDIRECTS);
      return await use(response);
    } catch (error) {
      const failure = error instanceof DownloadError ? error : new DownloadError(reasonOf(error), !mayHeal(error));
      if (failure.final || attempt === ATTEMPTS) throw failure;
      await new Promise(resolve => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** attempt));
    }
  }
}

/** A connection that broke. One that was never made (nobody listens, no such name, another authority) is a mistake to be told at once. */
function mayHeal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(code));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function open(url: URL, settings: DownloadSettings, redirects: number): Promise<IncomingMessage> {
  const response = await send(url, settings);
  const { statusCode = 0, headers } = response;
  if (statusCode === 200) return response;
  response.resume();
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    const next = new URL(headers.location, url);
    if (redirects === 0) throw new DownloadError('more redirects than anybody needs', true);
    if (url.protocol === 'https:' && next.protocol !== 'https:')
      throw new DownloadError(`it redirects to ${next.origin}, out of TLS`, true);
    return open(next, settings, redirects - 1);
  }
  throw new DownloadError(`the server answered ${statusCode}`, statusCode < 500 && statusCode !== 429);
}

function send(url: URL, { authority, credentials }: DownloadSettings): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const login = credentials.find(one => one.host === host);
  const options = { ...(login && { auth: `${login.username}:${login.password}` }), timeout: IDLE_MS };
  return new Promise((resolve, reject) => {
    const sent =
      url.protocol === 'https:'
        ? tlsRequest(url, { ...options, ...(authority !== undefined && { ca: authority }) }, resolve)
        : plainRequest(url, options, resolve);
    sent.on('timeout', () => sent.destroy(Object.assign(new Error(`no byte for ${IDLE_MS / 1000} s`), { code: 'ETIMEDOUT' })));
    sent.on('error', reject);
    sent.end();
  });
}
