// A client of the API, run as a program of its own in a host's network: requests over connections that are new each time, and over ones that it holds as
// client-go does (HTTP/2; a GOAWAY or an end means a new one). An answer that says when to come again (429 or 5xx with Retry-After: an API server that has
// just stopped serving says so on connections that its GOAWAY has not reached yet) is followed, as client-go does. Prints what became of each request.
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
  /** how often the server asked to come again before the last answer */
  readonly again: number;
  /** Absent when the last answer was 200. */
  readonly failure?: string;
}

interface Answer {
  readonly status: number;
  /** seconds, of a Retry-After */
  readonly after: number | undefined;
}

const PATH = '/api/v1/namespaces/default';
const EVERY_MS = 50;
const PATIENCE_MS = 10_000;
const HELD = 6;
/** client-go's default (rest.Request, maxRetries) */
const MOST_AGAIN = 10;

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
    new Promise<Answer>((resolve, reject) => {
      const one = request(`${url}${PATH}`, { ...tls, agent: false, timeout: PATIENCE_MS }, response => {
        response.resume().on('end', () => resolve(answer(response.statusCode, response.headers)));
        response.on('error', reject);
      });
      one.on('timeout', () => one.destroy(new Error('no answer')));
      one.on('error', reject).end();
    });

  const overSession = (index: number, attempt = 0): Promise<Answer> =>
    new Promise<Answer>((resolve, reject) => {
      const stream = session(index).request({ ':path': PATH });
      let answered: Answer = { status: 0, after: undefined };
      stream.setTimeout(PATIENCE_MS, () => stream.destroy(new Error('no answer')));
      stream.on('response', headers => {
        answered = answer(headers[':status'], headers);
      });
      stream.on('error', error => {
        // Refused by a GOAWAY before anybody looked at it: HTTP/2 clients send it again, over a new connection (RFC 9113, 8.7).
        if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM && attempt < 2) resolve(overSession(index, attempt + 1));
        else reject(error);
      });
      stream.resume().on('end', () => resolve(answered));
      stream.end();
    });

  const note = async (kind: Sent['kind'], attempt: () => Promise<Answer>) => {
    const start = Date.now();
    let again = 0;
    const followed = async (): Promise<string | undefined> => {
      const { status, after } = await attempt();
      if (status === 200) return undefined;
      if (after === undefined || again === MOST_AGAIN) return `status ${status}`;
      again++;
      await new Promise(resolve => setTimeout(resolve, after * 1000));
      return followed();
    };
    const failure = await followed().catch(String);
    sent.push({ kind, sent: start, done: Date.now(), again, ...(failure !== undefined && { failure }) });
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

/** The status, and when to come again where client-go would (with_retry.go, checkWait): 429 or 5xx with whole seconds in Retry-After. */
function answer(status = 0, headers: { readonly 'retry-after'?: string | undefined }): Answer {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return { status, after: (status === 429 || status >= 500) && Number.isInteger(seconds) ? seconds : undefined };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(JSON.stringify(await main(process.argv.slice(2))));
