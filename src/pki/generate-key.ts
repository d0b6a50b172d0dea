// Where asymmetric keys are born. node:crypto does it on the thread pool, so that RSA keys use all cores, and hands out the encodings that we keep;
// a fresh KeyObject is never touched, since inspecting one can hang Node 20 (the export and the collector's ~KeyGenJob take the same lock).
import { generateKeyPair } from 'node:crypto';
import type { KeyAlgorithm } from '../spec/cluster.ts';
import { compactPrivateKey } from './compact-key.ts';
import { toPem } from './pem.ts';

export interface GeneratedKey {
  /** DER, SubjectPublicKeyInfo */
  readonly publicKey: Buffer;
  /** PEM, PKCS#8 */
  readonly privateKey: string;
}

export function generateKey(algorithm: KeyAlgorithm): Promise<GeneratedKey> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, publicKey: Buffer, privateKey: Buffer) =>
      error ? reject(error) : resolve({ publicKey, privateKey: toPem('PRIVATE KEY', compactPrivateKey(privateKey)) });
    switch (algorithm) {
      case 'ECDSA-P256':
        return generateKeyPair('ec', { namedCurve: 'P-256', ...ENCODINGS }, done);
      case 'ECDSA-P384':
        return generateKeyPair('ec', { namedCurve: 'P-384', ...ENCODINGS }, done);
      case 'RSA-2048':
      case 'RSA-3072':
      case 'RSA-4096':
        return generateKeyPair('rsa', { modulusLength: Number(algorithm.slice(4)), ...ENCODINGS }, done);
    }
  });
}

const ENCODINGS = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const;
