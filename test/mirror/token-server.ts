// Gives tokens for docker-registry, to one login or to anyone: https://distribution.github.io/distribution/spec/auth/jwt/
import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { newIdentity } from './identity.ts';

export interface TokenServer {
  /** `https://localhost:PORT` */
  readonly url: string;
  readonly authority: string;
  /** PEM by which a registry checks the tokens. */
  readonly certificates: string;
  readonly service: string;
  readonly issuer: string;
  readonly requests: { readonly authorization?: string; readonly scope: string | null; readonly service: string | null }[];
  /** Status codes of the next answers, instead of a token. */
  readonly faults: number[];
  /** `user:password`; absent: anyone gets a token. */
  login?: string;
  close(): Promise<void>;
}

export async function startTokenServer(): Promise<TokenServer> {
  const { authority, key, cert } = newIdentity('127.0.0.1');
  const [service, issuer] = ['registry-of-tests', 'tokens-of-tests'];
  const requests: TokenServer['requests'] = [];
  const faults: number[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    const url = new URL(request.url ?? '', 'https://localhost');
    const { authorization } = request.headers;
    const scope = url.searchParams.get('scope');
    requests.push({ scope, service: url.searchParams.get('service'), ...(authorization !== undefined && { authorization }) });
    const fault = faults.shift();
    if (fault !== undefined) return response.writeHead(fault).end();
    const wanted = made.login && `Basic ${Buffer.from(made.login).toString('base64')}`;
    if (wanted !== undefined && authorization !== wanted) return response.writeHead(401).end();
    return response.end(JSON.stringify({ token: token(scope ?? '') }));
  });
  /** Signed with the key of the server's own certificate, which stands in the head. */
  const token = (scope: string): string => {
    const [type = '', name = '', actions = ''] = scope.split(':');
    const seconds = Math.floor(Date.now() / 1000);
    const head = { typ: 'JWT', alg: 'ES256', x5c: [new X509Certificate(cert).raw.toString('base64')] };
    const body = {
      iss: issuer,
      sub: 'test',
      aud: service,
      exp: seconds + 300,
      nbf: seconds - 10,
      iat: seconds,
      jti: 'one',
      access: [{ type, name, actions: actions.split(',') }],
    };
    const text = [head, body].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = sign('sha256', Buffer.from(text), { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  };
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const made: TokenServer = {
    url: `https://localhost:${port}`,
    authority,
    certificates: authority,
    service,
    issuer,
    requests,
    faults,
    close: () => new Promise(resolve => server.close(() => resolve()).closeAllConnections()),
  };
  return made;
}
