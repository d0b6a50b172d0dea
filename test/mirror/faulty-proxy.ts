// HTTPS before another server, which it passes everything to, except where an answer is to go wrong: between `kubekiln fetch` and a real registry.

import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Fault, MirrorRequest } from './faulty-mirror.ts';
import { newIdentity } from './identity.ts';

/** `wrong-digest`: the header lies about the bytes. */
export type ProxyFault = Exclude<Fault, 'no-range' | 'wrong-range'> | 'wrong-digest';

export interface FaultyProxy {
  /** `https://localhost:PORT` */
  readonly url: string;
  readonly port: number;
  /** PEM of the authority that issued its certificate. */
  readonly authority: string;
  readonly requests: MirrorRequest[];
  /** What the paths match that answers go wrong for, each used up by one request. */
  readonly faults: (readonly [RegExp, ProxyFault])[];
  close(): Promise<void>;
}

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const { authority, key, cert } = newIdentity('127.0.0.1');
  const requests: MirrorRequest[] = [];
  const faults: (readonly [RegExp, ProxyFault])[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    const path = request.url ?? '/';
    const { authorization, range } = request.headers;
    requests.push({ path, ...(authorization !== undefined && { authorization }), ...(range !== undefined && { range }) });
    const place = faults.findIndex(([pattern]) => pattern.test(path));
    const fault = place < 0 ? undefined : faults.splice(place, 1)[0]?.[1];
    pass(target, request.method ?? 'GET', path, request.headers, response, fault).catch(() => response.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    port,
    authority,
    requests,
    faults,
    close: () => new Promise(resolve => server.close(() => resolve()).closeAllConnections()),
  };
}

async function pass(
  target: string,
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
  response: ServerResponse,
  fault: ProxyFault | undefined,
): Promise<void> {
  if (typeof fault === 'object' && 'status' in fault) {
    response.writeHead(fault.status, fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }).end('no\n');
    return;
  }
  if (typeof fault === 'object') {
    response.writeHead(307, { location: fault.redirect }).end();
    return;
  }
  const passed = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' && !['host', 'connection'].includes(name) ? [[name, value]] : [],
  );
  const answer = await fetch(target + path, { method, headers: passed, redirect: 'manual' });
  const body = Buffer.from(await answer.arrayBuffer());
  const given = [...answer.headers].filter(([name]) => !['connection', 'transfer-encoding', 'content-length'].includes(name));
  const kept: Record<string, string> = Object.fromEntries(given);
  if (fault === 'wrong-digest') kept['docker-content-digest'] = `sha256:${'0'.repeat(64)}`;
  const wrong =
    fault === 'wrong-bytes'
      ? Buffer.from(body.map(byte => byte ^ 1))
      : fault === 'endless'
        ? Buffer.concat([body, Buffer.alloc(64)])
        : body;
  const length = method === 'HEAD' ? answer.headers.get('content-length') : wrong.length;
  response.writeHead(answer.status, { ...kept, 'content-length': String(length) });
  if (fault !== 'half') response.end(wrong);
  else response.write(wrong.subarray(0, Math.ceil(wrong.length / 2)), () => setTimeout(() => response.destroy(), 50));
}
