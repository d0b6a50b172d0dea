// One file from a mirror, streamed: the transport of `kubekiln images pin` and `kubekiln fetch` for programs.
import type { IncomingMessage } from 'node:http';
import { basic, type HttpRequest, refusal, send } from './http-request.ts';
import { retrying } from './retrying.ts';

export { DownloadError } from './download-error.ts';

export interface DownloadSettings {
  /** PEM, instead of the system's authorities. */
  readonly authority?: string;
  readonly credentials: readonly { readonly host: string; readonly username: string; readonly password: string }[];
  readonly signal?: AbortSignal;
}

/**
 * Hands the body to `use`, which starts anew with each attempt.
 * @throws DownloadError
 */
export async function download<T>(
  url: string,
  settings: DownloadSettings,
  use: (body: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  return retrying(async () => use(await open(url, settings)), undefined, settings.signal);
}

/** The answer with status 200, or 206 where `headers` ask for a range. @throws DownloadError, system errors of the connection */
export async function open(
  url: string,
  settings: DownloadSettings,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  const response = await send(url, { ...requestSettings(settings), headers });
  if (response.statusCode === 200 || (response.statusCode === 206 && headers.range !== undefined)) return response;
  throw refusal(response);
}

function requestSettings({ authority, credentials, signal }: DownloadSettings): HttpRequest {
  return {
    ...(authority !== undefined && { authority }),
    ...(signal && { signal }),
    authorization: (url, first) => {
      // Without TLS only to the mirror that the operator named so himself.
      if (url.protocol !== 'https:' && url.host !== first.host) return undefined;
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const login = credentials.find(one => one.host === host);
      return login && basic(login);
    },
  };
}
