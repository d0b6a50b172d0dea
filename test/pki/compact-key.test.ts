import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { toPem } from '../../src/formats/pem.ts';
import { compactPrivateKey } from '../../src/pki/compact-key.ts';
import { openssl, temporaryDirectory, withoutOpenssl } from './openssl.ts';

describe('compact private keys', { skip: withoutOpenssl() }, () => {
  for (const namedCurve of ['P-256', 'P-384']) {
    it(`of ${namedCurve} leave out the public key, which every reader computes`, context => {
      const pair = generateKeyPairSync('ec', { namedCurve });
      const whole = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
      const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' });
      const compact = compactPrivateKey(whole);
      assert.ok(compact.length < whole.length - 60, `${compact.length} of ${whole.length} bytes`);
      assert.deepEqual(compactPrivateKey(compact), compact);
      const pem = toPem('PRIVATE KEY', compact);
      assert.equal(createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' }), publicKey);
      const directory = temporaryDirectory(context);
      writeFileSync(join(directory, 'key.pem'), pem);
      assert.equal(openssl(['pkey', '-in', 'key.pem', '-pubout'], directory), publicKey);
    });
  }

  it('of other kinds stay as they are', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const whole = privateKey.export({ type: 'pkcs8', format: 'der' });
    assert.deepEqual(compactPrivateKey(whole), whole);
  });
});
