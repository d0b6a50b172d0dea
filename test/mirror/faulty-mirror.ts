// An HTTPS mirror on loopback that serves files and, for a while, misbehaves: what nodes and `kubekiln images pin` download from in tests.
import { createHash } from 'node:crypto';
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type Identity, newIdentity } from './identity.ts';

export interface MirrorRequest {
  readonly path: string;
  readonly authorization?: string;
  readonly range?: string;
}

/**
 * How one answer goes wrong. `half`: the connection breaks after half of what was asked for. `no-range`: the whole, whatever was asked for.
 * `endless`: more bytes than there are. `wrong-range`: the right status, and the bytes of another range.
 */
export type Fault =
  | 'half'
  | 'wrong-bytes'
  | 'no-range'
  | 'wrong-range'
  | 'endless'
  | { readonly status: number; readonly retryAfter?: string }
  | { readonly redirect: string };

export interface Mirror {
  /** `https://localhost:PORT` */
  readonly url: string;
  /** PEM of the authority that issued its certificate. */
  readonly authority: string;
  /** What was asked for, in order. */
  readonly requests: MirrorRequest[];
  /** By path with a leading slash. */
  readonly files: Map<string, Uint8Array>;
  /** Faults by path, each used up by one request. */
  readonly faults: Map<string, Fault[]>;
  /** Only this login is served, when set. */
  login?: string;
  /** Milliseconds between pieces of 64 KiB, when set. */
  pace?: number;
  close(): Promise<void>;
}

export interface MirrorSettings {
  /** Speak HTTP, where no TLS is wanted. */
  readonly plain?: boolean;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default any. */
  readonly port?: number;
  readonly identity?: Identity;
}

export async function startMirror({
  plain = false,
  address = '127.0.0.1',
  port: wanted = 0,
  identity: given,
}: MirrorSettings = {}): Promise<Mirror> {
  const requests: MirrorRequest[] = [];
  const files = new Map<string, Uint8Array>();
  const faults = new Map<string, Fault[]>();
  const { authority, ...identity } = plain ? { authority: '' } : (given ?? newIdentity(address));
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/';
    const { authorization, range } = request.headers;
    requests.push({ path, ...(authorization !== undefined && { authorization }), ...(range !== undefined && { range }) });
    const content = files.get(path);
    const fault = faults.get(path)?.shift();
    if (mirror.login !== undefined && authorization !== `Basic ${Buffer.from(mirror.login).toString('base64')}`) return end(response, 401);
    if (typeof fault === 'object' && 'status' in fault) return end(response, fault.status, fault.retryAfter);
    if (typeof fault === 'object') {
      response.writeHead(302, { location: fault.redirect });
      response.end();
      return;
    }
    if (content === undefined) return end(response, 404);
    const ifRange = request.headers['if-range'];
    const asked = fault === 'no-range' || (ifRange !== undefined && ifRange !== etagOf(content)) ? undefined : range;
    if (fault === 'endless') serve(response, Buffer.concat([content, Buffer.alloc(64)]), asked, false);
    else
      serve(
        response,
        fault === 'wrong-bytes' ? content.map(byte => byte ^ 1) : content,
        asked,
        fault === 'half',
        fault === 'wrong-range',
        mirror.pace,
      );
  };
  const server = plain ? createPlainServer(answer) : createServer(identity, answer);
  await new Promise<void>(resolve => server.listen(wanted, address, resolve));
  const { port } = server.address() as AddressInfo;
  const mirror: Mirror = {
    url: `${plain ? 'http' : 'https'}://localhost:${port}`,
    authority,
    requests,
    files,
    faults,
    close: () => new Promise(resolve => server.close(() => resolve()).closeAllConnections()),
  };
  return mirror;
}

function etagOf(content: Uint8Array): string {
  return `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`;
}

function end(response: ServerResponse, status: number, retryAfter?: string): void {
  response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
  response.end('no\n');
}

function serve(
  response: ServerResponse,
  content: Uint8Array,
  range: string | undefined,
  half: boolean,
  shifted = false,
  pace?: number,
): void {
  const from = shifted ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (from >= content.length && range !== undefined) {
    end(response, 416);
    return;
  }
  const rest = content.subarray(from);
  const head = {
    'content-length': rest.length,
    etag: etagOf(content),
    ...(range !== undefined && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
  };
  response.writeHead(range === undefined ? 200 : 206, head);
  if (pace !== undefined) trickle(response, rest, pace);
  else if (!half) response.end(rest);
  else response.write(rest.subarray(0, Math.ceil(rest.length / 2)), () => setTimeout(() => response.destroy(), 50));
}

const PIECE = 64 * 1024;

function trickle(response: ServerResponse, rest: Uint8Array, pace: number): void {
  if (response.destroyed) return;
  if (rest.length <= PIECE) response.end(rest);
  else response.write(rest.subarray(0, PIECE), () => setTimeout(trickle, pace, response, rest.subarray(PIECE), pace));
}

/** A port of loopback on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
