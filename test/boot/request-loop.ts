// A client of the API, run as a program of its own in a host's network: requests over connections that are new each time, and over ones that it holds as
// client-go does (HTTP/2; a GOAWAY or an end means a new one). Prints what became of each request.
// usage: node request-loop.js HOST:PORT CA CERTIFICATE KEY SECONDS
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { request } from 'node:https';
import { fileURLToPath } from 'node:url';
import type { Host } from './host.ts';
import type { Operator } from './operator.ts';

export interface Sent {
  /** `fresh`: a connection for this request only; `held`: one of the connections that stay open. */
  readonly kind: 'fresh' | 'held';
  /** milliseconds since 1970 at which it was sent, and at which its answer (or failure) was there */
  readonly sent: number;
  readonly done: number;
  /** Absent when the answer was 200. */
  readonly failure?: string;
}

const PATH = '/api/v1/namespaces/default';
const EVERY_MS = 50;
const PATIENCE_MS = 10_000;
const HELD = 6;

/** Requests from `host` to its own loopback for so many seconds. */
export async function requestLoop(host: Host, operator: Operator, port: number, seconds: number): Promise<readonly Sent[]> {
  const [, ca = '', , certificate = '', , key = ''] = operator.curlCredentials;
  const args = [fileURLToPath(import.meta.url), `127.0.0.1:${port}`, ca, certificate, key, String(seconds)];
  const { code, stdout, stderr } = await host.inNetwork(process.execPath, args);
  if (code !== 0) throw new Error(`the request loop failed: ${stderr}`);
  return JSON.parse(stdout) as readonly Sent[];
}

async function main([endpoint = '', ...rest]: readonly string[]): Promise<readonly Sent[]> {
  const [ca, cert, key] = rest.slice(0, 3).map(file => readFileSync(file));
  const tls = { ca, cert, key };
  const url = `https://${endpoint}`;
  const sent: Sent[] = [];
  const open: Promise<void>[] = [];
  const sessions = new Map<number, ClientHttp2Session>();

  function session(index: number): ClientHttp2Session {
    const known = sessions.get(index);
    if (known) return known;
    const made = connect(url, tls);
    const forget = () => {
      if (sessions.get(index) === made) sessions.delete(index);
    };
    for (const event of ['goaway', 'close', 'error'] as const) made.on(event, forget);
    sessions.set(index, made);
    return made;
  }

  const fresh = () =>
    new Promise<void>((resolve, reject) => {
      const one = request(`${url}${PATH}`, { ...tls, agent: false, timeout: PATIENCE_MS }, response => {
        response.resume().on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
        response.on('error', reject);
      });
      one.on('timeout', () => one.destroy(new Error('no answer')));
      one.on('error', reject).end();
    });

  const overSession = (index: number, attempt = 0): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const stream = session(index).request({ ':path': PATH });
      let status = 0;
      stream.setTimeout(PATIENCE_MS, () => stream.destroy(new Error('no answer')));
      stream.on('response', headers => {
        status = headers[':status'] ?? 0;
      });
      stream.on('error', error => {
        // Refused by a GOAWAY before anybody looked at it: HTTP/2 clients send it again, over a new connection (RFC 9113, 8.7).
        if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM && attempt < 2) resolve(overSession(index, attempt + 1));
        else reject(error);
      });
      stream.resume().on('end', () => (status === 200 ? resolve() : reject(new Error(`status ${status}`))));
      stream.end();
    });

  const note = async (kind: Sent['kind'], attempt: () => Promise<void>) => {
    const start = Date.now();
    const failure = await attempt().then(() => undefined, String);
    sent.push({ kind, sent: start, done: Date.now(), ...(failure !== undefined && { failure }) });
  };

  const end = performance.now() + Number(rest[3]) * 1000;
  for (let round = 0; performance.now() < end; round++) {
    open.push(note('fresh', fresh));
    open.push(note('held', async () => overSession(round % HELD)));
    await new Promise(resolve => setTimeout(resolve, EVERY_MS));
  }
  await Promise.all(open);
  for (const one of sessions.values()) one.destroy();
  return sent;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(JSON.stringify(await main(process.argv.slice(2))));
