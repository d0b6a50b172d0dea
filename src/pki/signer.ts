import { createPrivateKey, sign } from 'node:crypto';
import { invariant } from '../bug.ts';
import { der, objectIdentifier, TAG } from './der.ts';
import { type SupportedKey, supportedKey } from './read-key.ts';

export interface Signer {
  /** DER, AlgorithmIdentifier of its signatures */
  readonly algorithm: Buffer;
  /** The signature as a certificate holds it. */
  sign(content: Uint8Array): Buffer;
}

// The hash has the strength of the curve, as in RFC 5480, 4. Parameters: RFC 4055, 5 (NULL) and RFC 5758, 3.2 (absent).
const ALGORITHMS: Readonly<Record<SupportedKey, { readonly hash: string; readonly identifier: Buffer }>> = {
  RSA: { hash: 'sha256', identifier: der(TAG.sequence, objectIdentifier('1.2.840.113549.1.1.11'), der(TAG.null)) },
  'P-256': { hash: 'sha256', identifier: der(TAG.sequence, objectIdentifier('1.2.840.10045.4.3.2')) },
  'P-384': { hash: 'sha384', identifier: der(TAG.sequence, objectIdentifier('1.2.840.10045.4.3.3')) },
};

/** Takes a PEM key of a supported kind. */
export function signerWith(pem: string): Signer {
  const key = createPrivateKey(pem);
  const type = supportedKey(key);
  invariant(type !== undefined, 'a signing key that was not checked');
  const { hash, identifier } = ALGORITHMS[type];
  return { algorithm: identifier, sign: content => sign(hash, content, key) };
}
