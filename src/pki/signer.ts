import { webcrypto } from 'node:crypto';
import { invariant } from '../bug.ts';
import { readPrivateKey } from './read-key.ts';

/** A private key in the form that WebCrypto signs with. */
export interface Signer {
  readonly key: webcrypto.CryptoKey;
  /** Signature algorithm that goes with it. */
  readonly algorithm: { readonly name: string; readonly hash: string };
}

/** Takes a PEM key (PKCS#8) of a supported kind. The hash has the strength of the curve, as in RFC 5480, 4. */
export async function importSigner(pem: string): Promise<Signer> {
  const read = readPrivateKey(pem);
  invariant(typeof read === 'object', 'a signing key that was not checked');
  const content = read.key.export({ type: 'pkcs8', format: 'der' });
  const algorithm = {
    RSA: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    'P-256': { name: 'ECDSA', hash: 'SHA-256' },
    'P-384': { name: 'ECDSA', hash: 'SHA-384' },
  }[read.type];
  const parameters = read.type === 'RSA' ? algorithm : { name: 'ECDSA', namedCurve: read.type };
  return { key: await webcrypto.subtle.importKey('pkcs8', content, parameters, false, ['sign']), algorithm };
}
