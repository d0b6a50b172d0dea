// One request to an API server over mutual TLS, with what node:https has: no kubectl, no proxy, no retries.
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { fromOpensslDate } from '../clock.ts';

/** What a kubeconfig says of a client; PEM. */
export interface ApiClient {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface ApiAnswer {
  /** HTTP status. */
  readonly status: number;
  readonly body: string;
  /** End of the certificate that the server showed, in seconds since 1970. */
  readonly notAfter: number;
}

const LARGEST_BODY = 64 * 1024 * 1024;

/**
 * GET `path` from `server` (`https://host:port`).
 * @param patience milliseconds for the whole of it
 * @throws Error in plain words when there is no answer: refused, timed out, a certificate that is not the cluster's
 */
export function apiGet(server: string, path: string, client: ApiClient, patience: number): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(new Error(faultText(error), { cause: error }));
    const { ca, certificate: cert, key } = client;
    const sent = request(`${server}${path}`, { ca, cert, key, agent: false, headers: { accept: 'application/json' } }, response => {
      const notAfter = fromOpensslDate((response.socket as TLSSocket).getPeerCertificate().valid_to);
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_BODY) sent.destroy(new Error('its answer is too large'));
        else chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8'), notAfter }));
    });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${patience / 1000} s`)), patience);
    sent.on('close', () => clearTimeout(timer));
    sent.on('error', fail);
    sent.end();
  });
}

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to its network',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'no name server answers',
  ETIMEDOUT: 'no answer',
  CERT_HAS_EXPIRED: 'its certificate has expired, or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'its certificate begins in the future: the clock of this machine is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate lacks the name that is dialled',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not of this cluster's authority",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not of this cluster's authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not of this cluster's authority",
  CERT_SIGNATURE_FAILURE: "its certificate is not of this cluster's authority",
};

function faultText(error: NodeJS.ErrnoException): string {
  return FAULTS[error.code ?? ''] ?? error.message;
}
