// Where asymmetric keys are born. RSA keys come from the thread pool, so that they use all cores, in the encodings that we keep; a fresh KeyObject is
// never touched, since inspecting one can hang Node 20 (the export and the collector's ~KeyGenJob take the same lock). EC keys come as bare numbers:
// OpenSSL's encoders would take ten times as long as the key itself.
import { createECDH, generateKeyPair } from 'node:crypto';
import { toPem } from '../formats/pem.ts';
import type { KeyAlgorithm } from '../spec/cluster.ts';
import { bitString, der, objectIdentifier, TAG } from './der.ts';

export interface GeneratedKey {
  /** DER, SubjectPublicKeyInfo */
  readonly publicKey: Buffer;
  /** PEM, PKCS#8 */
  readonly privateKey: string;
}

export async function generateKey(algorithm: KeyAlgorithm): Promise<GeneratedKey> {
  switch (algorithm) {
    case 'ECDSA-P256':
      return generateEcKey(P256);
    case 'ECDSA-P384':
      return generateEcKey(P384);
    case 'RSA-2048':
    case 'RSA-3072':
    case 'RSA-4096':
      return generateRsaKey(Number(algorithm.slice(4)));
  }
}

interface Curve {
  /** As OpenSSL calls it. */
  readonly name: string;
  /** DER, AlgorithmIdentifier (RFC 5480, 2.1.1) */
  readonly algorithm: Buffer;
  /** Octets of a private key. */
  readonly size: number;
}

const EC_PUBLIC_KEY = objectIdentifier('1.2.840.10045.2.1');
const P256: Curve = {
  name: 'prime256v1',
  algorithm: der(TAG.sequence, EC_PUBLIC_KEY, objectIdentifier('1.2.840.10045.3.1.7')),
  size: 32,
};
const P384: Curve = { name: 'secp384r1', algorithm: der(TAG.sequence, EC_PUBLIC_KEY, objectIdentifier('1.3.132.0.34')), size: 48 };

/** The private key is as short as its standards allow, as compactPrivateKey makes them. */
function generateEcKey({ name, algorithm, size }: Curve): GeneratedKey {
  const exchange = createECDH(name);
  const point = exchange.generateKeys();
  const number = exchange.getPrivateKey();
  // RFC 5915, 3: always of the same length; node leaves out leading zeros.
  const padded = Buffer.concat([Buffer.alloc(size - number.length), number]);
  const ecPrivateKey = der(TAG.sequence, der(TAG.integer, Buffer.from([1])), der(TAG.octetString, padded));
  const pkcs8 = der(TAG.sequence, der(TAG.integer, Buffer.from([0])), algorithm, der(TAG.octetString, ecPrivateKey));
  return { publicKey: der(TAG.sequence, algorithm, bitString(point)), privateKey: toPem('PRIVATE KEY', pkcs8) };
}

function generateRsaKey(modulusLength: number): Promise<GeneratedKey> {
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength, ...ENCODINGS }, (error, publicKey: Buffer, privateKey: Buffer) =>
      error ? reject(error) : resolve({ publicKey, privateKey: toPem('PRIVATE KEY', privateKey) }),
    );
  });
}

const ENCODINGS = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const;
