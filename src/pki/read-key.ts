import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { toPem } from '../formats/pem.ts';
import { compactPrivateKey } from './compact-key.ts';

/** A private key that Kubernetes and etcd can use. */
export interface PrivateKey {
  readonly key: KeyObject;
  /** PEM, PKCS#8: the one form that we keep */
  readonly pem: string;
  readonly publicKey: KeyObject;
  /** PEM, SPKI */
  readonly publicPem: string;
  readonly type: SupportedKey;
}

export type SupportedKey = 'P-256' | 'P-384' | 'RSA';

/** For messages: what `supportedKey` takes. */
export const SUPPORTED_KEYS = ['ECDSA P-256', 'ECDSA P-384', 'RSA of at least 2048 bits'];

/** The kind of a public or private key, or undefined when the daemons cannot use it (DSA, small RSA, other curves, Ed25519). */
export function supportedKey(key: KeyObject): SupportedKey | undefined {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'rsa') return (details?.modulusLength ?? 0) >= 2048 ? 'RSA' : undefined;
  if (key.asymmetricKeyType !== 'ec') return undefined;
  if (details?.namedCurve === 'prime256v1') return 'P-256';
  return details?.namedCurve === 'secp384r1' ? 'P-384' : undefined;
}

/**
 * Reads a PEM key: PKCS#8, or the older PKCS#1 (`RSA PRIVATE KEY`) and SEC1 (`EC PRIVATE KEY`) that kubeadm and openssl write.
 * `unreadable` also covers keys with a passphrase.
 */
export function readPrivateKey(pem: string): PrivateKey | 'unreadable' | 'unsupported' {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // OpenSSL's message is left behind: it may quote the input.
    return 'unreadable';
  }
  const type = supportedKey(key);
  if (type === undefined) return 'unsupported';
  // On demand: OpenSSL's encoders are slow, and a build asks for none of these.
  return {
    key,
    type,
    get pem() {
      return toPem('PRIVATE KEY', compactPrivateKey(key.export({ type: 'pkcs8', format: 'der' })));
    },
    get publicKey() {
      return createPublicKey(key);
    },
    get publicPem() {
      return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
    },
  };
}

/** A public key in PEM, or undefined. */
export function readPublicKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

/** DER of a public key, SubjectPublicKeyInfo. */
export function publicKeyDer(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
