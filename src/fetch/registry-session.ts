// Requests to one server for one repository, with the login that it wants: none, Basic, or a Bearer token of the server that it names.
// https://distribution.github.io/distribution/spec/auth/token/
import type { IncomingMessage } from 'node:http';
import { DownloadError } from './download-error.ts';
import { basic, type HttpRequest, isLoopback, refusal, send } from './http-request.ts';
import { invalid } from './image-documents.ts';
import type { Endpoint } from './registry-endpoints.ts';

export interface RegistrySession {
  readonly endpoint: Endpoint;
  readonly repository: string;
  /** @param path below the repository: `manifests/v1`. @returns any answer with status 200 or 206. @throws DownloadError, system errors of the connection */
  request(
    path: string,
    options?: { readonly method?: 'HEAD'; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<IncomingMessage>;
}

const MAX_TOKEN_BYTES = 2 ** 20;

export function registrySession(endpoint: Endpoint, repository: string, signal?: AbortSignal): RegistrySession {
  const { base, authority, namespace } = endpoint;
  let authorization: string | undefined;
  const settings: HttpRequest = {
    ...(authority && { authority }),
    ...(signal && { signal }),
    // Neither password nor token leaves the server that they are for, the same host with another port included.
    authorization: (url, first) => (url.origin === first.origin ? authorization : undefined),
  };
  return {
    endpoint,
    repository,
    async request(path, { method, headers } = {}) {
      const url = new URL(`${base}/${repository}/${path}`);
      if (namespace !== undefined) url.searchParams.set('ns', namespace);
      const request = { ...settings, ...(method && { method }), ...(headers && { headers }) };
      const used = authorization;
      let response = await send(url, request);
      if (response.statusCode === 401) {
        response.resume();
        // Another request may have brought a token while this one was on its way.
        if (authorization === used) authorization = await authorize(endpoint, repository, response, signal);
        response = await send(url, request);
      }
      if (response.statusCode === 200 || response.statusCode === 206) return response;
      const { login } = endpoint;
      const error = refusal(response);
      if (error.code !== 'login-refused') throw error;
      const how = login ? `refuses the login of ${login.username}` : 'wants a login';
      const hint = login ? 'see registryCredentials in secrets.yaml' : wantsLogin(url.host);
      throw new DownloadError(`${error.message}: it ${how}`, true, { code: error.code, status: error.status, hint });
    },
  };
}

function wantsLogin(host: string): string {
  return `in secrets.yaml: registryCredentials: [{host: ${host}, username: …, password: …}]`;
}

/** The value of Authorization that a challenge asks for: RFC 7235, 4.1. @throws DownloadError */
async function authorize(
  endpoint: Endpoint,
  repository: string,
  { headers }: IncomingMessage,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const challenge = headers['www-authenticate'] ?? '';
  const { login } = endpoint;
  const bearer = /\bBearer\s+(.*)$/i.exec(challenge)?.[1];
  if (bearer === undefined) return login && /\bBasic\b/i.test(challenge) ? basic(login) : undefined;
  const words = new Map([...bearer.matchAll(/([A-Za-z_]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key.toLowerCase(), value]));
  const realm = realmOf(words.get('realm') ?? '', endpoint);
  const service = words.get('service');
  if (service !== undefined) realm.searchParams.set('service', service);
  realm.searchParams.set('scope', words.get('scope') ?? `repository:${repository}:pull`);
  const response = await send(realm, {
    ...(endpoint.authority && { authority: endpoint.authority }),
    ...(signal && { signal }),
    authorization: (url, first) => (login && url.origin === first.origin ? basic(login) : undefined),
  });
  if (response.statusCode !== 200) {
    const { message, final, code, status } = refusal(response);
    throw new DownloadError(`${realm.origin}, which gives its tokens: ${message}`, final, {
      code,
      status,
      ...(code === 'login-refused' && {
        hint: login ? 'see registryCredentials in secrets.yaml' : wantsLogin(new URL(endpoint.base).host),
      }),
    });
  }
  return `Bearer ${tokenOf(await readAll(response, MAX_TOKEN_BYTES))}`;
}

/** The registry may name any server, and the password goes there: so not without TLS, unless it has none itself. @throws DownloadError */
function realmOf(text: string, { base, login }: Endpoint): URL {
  if (!URL.canParse(text)) throw invalid('it asks for a token, and names no server that gives one');
  const realm = new URL(text);
  const registry = new URL(base);
  const plain = realm.protocol === 'http:' && registry.protocol === 'http:' && (realm.hostname === registry.hostname || isLoopback(realm));
  if (realm.protocol !== 'https:' && (!plain || realm.username !== ''))
    throw new DownloadError(
      `it asks for a token of ${realm.origin}, which has no TLS${login ? ': the password is not sent there' : ''}`,
      true,
    );
  realm.username = '';
  realm.password = '';
  return realm;
}

function tokenOf(bytes: Uint8Array): string {
  try {
    const answer: { readonly token?: unknown; readonly access_token?: unknown } = JSON.parse(Buffer.from(bytes).toString());
    const token = answer.token ?? answer.access_token;
    if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token;
  } catch {
    // the same as an answer without a token
  }
  throw new DownloadError('what gives its tokens answers with something else', true);
}

/** A small body. @throws DownloadError for a larger one */
export async function readAll(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw new DownloadError(`the answer is larger than ${limit} bytes`, true);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
