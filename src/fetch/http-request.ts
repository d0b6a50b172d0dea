// One request over HTTP(S). Redirects are followed, but credentials stay with the host that they are for, and nothing leads out of TLS.
// Node's fetch knows no authority of one's own. Proxies of the environment (HTTPS_PROXY) are not used.
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { now } from '../clock.ts';
import { DownloadError } from './download-error.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM, instead of the system's authorities. */
  readonly authority?: string | readonly string[];
  /** The value of `Authorization` for a URL, which may be another than the one asked for (`first`) after a redirect. */
  readonly authorization?: (url: URL, first: URL) => string | undefined;
  readonly signal?: AbortSignal;
}

const MAX_REDIRECTS = 5;
const IDLE_MS = 30_000;

/** The answer, whatever its status; its body must be read or thrown away. @throws DownloadError, system errors of the connection */
export async function send(url: string | URL, request: HttpRequest): Promise<IncomingMessage> {
  const first = new URL(url);
  let next = first;
  for (let redirects = 0; ; redirects++) {
    const response = await sendOnce(next, first, request);
    const { statusCode = 0, headers } = response;
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) return response;
    response.resume();
    if (redirects === MAX_REDIRECTS) throw new DownloadError('more redirects than anybody needs', true);
    next = target(headers.location, next);
  }
}

function target(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw new DownloadError('it redirects to something that is no URL', true);
  const next = new URL(location, from);
  // A location with a user name in it would be a password of the server's choice.
  next.username = '';
  next.password = '';
  if (!['http:', 'https:'].includes(next.protocol)) throw new DownloadError(`it redirects to ${next.protocol}`, true);
  if (from.protocol === 'https:' && next.protocol !== 'https:') throw new DownloadError(`it redirects to ${next.origin}, out of TLS`, true);
  return next;
}

function sendOnce(url: URL, first: URL, request: HttpRequest): Promise<IncomingMessage> {
  const { method = 'GET', authority, signal } = request;
  const authorization = request.authorization?.(url, first);
  const headers = {
    'user-agent': 'kubekiln',
    'accept-encoding': 'identity',
    ...request.headers,
    ...(authorization !== undefined && { authorization }),
  };
  const options = { method, headers, timeout: IDLE_MS, ...(signal && { signal }) };
  return new Promise((resolve, reject) => {
    const sent =
      url.protocol === 'https:'
        ? tlsRequest(url, { ...options, ...(authority !== undefined && { ca: [authority].flat() }) }, resolve)
        : plainRequest(url, options, resolve);
    sent.on('timeout', () => sent.destroy(Object.assign(new Error(`no byte for ${IDLE_MS / 1000} s`), { code: 'ETIMEDOUT' })));
    sent.on('error', reject);
    sent.end();
  });
}

/** An answer that is not what was asked for, as an error; throws its body away. */
export function refusal(response: IncomingMessage): DownloadError {
  response.resume();
  const { statusCode: status = 0, headers } = response;
  const retryAfter = secondsOf(headers['retry-after']);
  const code = status === 401 || status === 403 ? 'login-refused' : 'download-failed';
  const final = status < 500 && status !== 429;
  return new DownloadError(`the server answered ${status}`, final, {
    code,
    status,
    ...(retryAfter !== undefined && { retryAfter: retryAfter * 1000 }),
  });
}

/** Seconds or a date: RFC 9110, 10.2.3. */
function secondsOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const date = Date.parse(header) / 1000;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now());
}

export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
}

/** HTTP Basic authentication: RFC 7617. */
export function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
