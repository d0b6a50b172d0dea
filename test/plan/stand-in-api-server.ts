// What a load balancer sees of an API server: TLS with a client certificate, /readyz in its three answers, and who answered.
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { KeyPair } from '../../src/pki/request.ts';

export interface StandIn {
  /** ready: 200. leaving: 500 while it shuts down (--shutdown-delay-duration). broken: 500 for another reason. */
  state: 'ready' | 'leaving' | 'broken';
  /** CNs of the clients that asked for /readyz. */
  readonly checkedBy: ReadonlySet<string>;
  close(): void;
}

/** kube-apiserver's words when a check behind /readyz fails. */
const ANSWERS = {
  ready: 'ok',
  leaving: '[+]ping ok\n[+]etcd ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n',
  broken: '[+]ping ok\n[-]etcd failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n',
} as const;

/** Serves at that address; to any other path it answers with `name`. */
export async function startStandIn(name: string, host: string, port: number, ca: string, pair: KeyPair): Promise<StandIn> {
  const checkedBy = new Set<string>();
  const standIn: { state: StandIn['state'] } = { state: 'ready' };
  const server = createServer(
    { ca, cert: pair.certificate, key: pair.key, requestCert: true, rejectUnauthorized: true },
    (asked, answer) => {
      if (asked.url !== '/readyz') return answer.end(name);
      checkedBy.add((asked.socket as TLSSocket).getPeerCertificate().subject.CN as string);
      return answer.writeHead(standIn.state === 'ready' ? 200 : 500).end(ANSWERS[standIn.state]);
    },
  );
  server.keepAliveTimeout = 60_000;
  server.listen(port, host);
  await once(server, 'listening');
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return Object.assign(standIn, { checkedBy, close });
}
