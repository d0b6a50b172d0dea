import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { clockProblems, fromRfc3339, now, toRfc3339 } from '../../src/clock.ts';
import { pemBlocks, toPem } from '../../src/formats/pem.ts';
import { der, derChildren, readDer, TAG } from '../../src/pki/der.ts';
import { mapInFlight } from '../../src/pki/in-flight.ts';
import { ipOctets } from '../../src/pki/ip-octets.ts';
import { issueAuthority } from '../../src/pki/issue.ts';
import { keyBelongs } from '../../src/pki/key-belongs.ts';
import { type LeafPolicy, leafDigest } from '../../src/pki/leaf-digest.ts';
import { encodeName } from '../../src/pki/names.ts';
import type { CertificateRequest } from '../../src/pki/request.ts';
import { openssl, temporaryDirectory, withoutOpenssl } from './openssl.ts';
import { clientRequest, NOW } from './sample-cluster.ts';

describe('DER', () => {
  it('reads back what it wrote, at every length', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const content = Buffer.alloc(length, 7);
      const value = readDer(Buffer.concat([der(TAG.octetString, content), Buffer.from('rest')]));
      assert.deepEqual([value.tag, value.content.equals(content)], [TAG.octetString, true]);
    }
  });

  it('refuses what is cut off', () => {
    const whole = der(TAG.sequence, der(TAG.utf8String, Buffer.from('abc')), der(TAG.integer, Buffer.from([1])));
    for (let cut = 0; cut < whole.length; cut++) assert.throws(() => readDer(whole.subarray(0, cut)), RangeError);
    assert.throws(() => derChildren({ tag: 0x30, content: Buffer.from([2, 5, 1]), raw: Buffer.alloc(0) }), RangeError);
    assert.throws(() => readDer(Buffer.from([0x30, 0x80, 0, 0])), RangeError);
  });

  it('keeps every name one attribute with that value', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'binary' }),
        fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
        (commonName, organizations) => {
          const attributes = derChildren(readDer(encodeName({}, commonName, organizations))).map(set =>
            derChildren(derChildren(set)[0] ?? set),
          );
          assert.deepEqual(
            attributes.map(([, value]) => value?.content.toString('utf8')),
            [...organizations, commonName].map(text => Buffer.from(text).toString('utf8')),
          );
          for (const [, value] of attributes)
            if (value?.tag === TAG.printableString) assert.match(value.content.toString('latin1'), /^[A-Za-z0-9 '()+,./:=?-]+$/);
        },
      ),
    );
  });
});

describe('addresses', () => {
  it('become the octets that the URL parser sees as well', () => {
    fc.assert(fc.property(fc.ipV4(), address => assert.equal([...ipOctets(address)].join('.'), address)));
    fc.assert(
      fc.property(fc.ipV6(), address => {
        const octets = ipOctets(address);
        assert.equal(octets.length, 16);
        const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2).toString(16));
        assert.equal(new URL(`http://[${groups.join(':')}]/`).hostname, new URL(`http://[${address}]/`).hostname);
      }),
    );
    assert.equal(ipOctets('::ffff:10.0.0.1').toString('hex'), '00000000000000000000ffff0a000001');
  });
});

describe('PEM', () => {
  it('is found among other text, and written in lines of 64', () => {
    const content = Buffer.alloc(100, 1);
    const pem = toPem('CERTIFICATE', content);
    assert.ok(pem.split('\n').every(line => line.length <= 64));
    const noise = `subject=x\n${pem.replaceAll('\n', '\r\n')}\n${toPem('PRIVATE KEY', content)}${pem}`;
    assert.deepEqual(pemBlocks(noise, 'CERTIFICATE'), [pem, pem]);
    assert.deepEqual(pemBlocks('-----BEGIN CERTIFICATE-----\nAAAA', 'CERTIFICATE'), []);
  });
});

describe('the digest of a leaf', () => {
  const request: CertificateRequest = { ...clientRequest('cp-1/x', 'x'), dnsNames: ['a'], ipAddresses: ['10.0.0.1'] };
  const policy: LeafPolicy = { algorithm: 'ECDSA-P256', validity: 1, notBeforeSkew: 2, subject: { O: 'x' }, issuer: 'sha256:1' };

  it('is part of the file format', () => {
    assert.equal(leafDigest(request, policy), '1807c2fd0f98e96cdb7540c32f573d53488eb3c2153486e9f16cf770d68cec29');
  });

  it('differs with every field, and does not with their order in memory', () => {
    const changed: [Partial<CertificateRequest>, Partial<LeafPolicy>][] = [
      [{ name: 'cp-2/x' }, {}],
      [{ authority: 'etcd' }, {}],
      [{ commonName: 'y' }, {}],
      [{ organizations: ['a'] }, {}],
      [{ usages: ['serverAuth'] }, {}],
      [{ dnsNames: ['a', 'b'] }, {}],
      [{ dnsNames: [], ipAddresses: ['a', '10.0.0.1'] }, {}],
      [{}, { algorithm: 'RSA-2048' }],
      [{}, { validity: 3 }],
      [{}, { notBeforeSkew: 3 }],
      [{}, { subject: { OU: 'x' } }],
      [{}, { issuer: 'sha256:2' }],
    ];
    const digests = changed.map(([a, b]) => leafDigest({ ...request, ...a }, { ...policy, ...b }));
    assert.equal(new Set([...digests, leafDigest(request, policy)]).size, changed.length + 1);
    const reversed = Object.fromEntries(Object.entries(request).reverse()) as unknown as CertificateRequest;
    assert.equal(leafDigest(reversed, policy), leafDigest(request, policy));
  });
});

describe('the clock', () => {
  it('follows SOURCE_DATE_EPOCH, and refuses a malformed one', () => {
    assert.equal(now({ SOURCE_DATE_EPOCH: String(NOW) }), NOW);
    assert.ok(Math.abs(now({}) - Date.now() / 1000) < 5);
    assert.deepEqual(clockProblems({ SOURCE_DATE_EPOCH: '0' }), []);
    for (const value of ['tomorrow', '-1', '1.5', '0x10', ' 1'])
      assert.deepEqual(
        clockProblems({ SOURCE_DATE_EPOCH: value }).map(problem => problem.code),
        ['invalid-source-date-epoch'],
      );
  });

  it('reads only the one form of time that it writes', () => {
    assert.equal(toRfc3339(NOW), '2026-11-18T11:06:40Z');
    assert.equal(fromRfc3339('2026-11-18T11:06:40Z'), NOW);
    for (const text of ['2026-02-30T00:00:00Z', '2026-11-18', '2026-11-18T11:06:40+01:00', '2026-11-18T11:06:40.5Z', 'x'])
      assert.equal(fromRfc3339(text), undefined, text);
  });
});

describe('mapInFlight', () => {
  it('keeps the order and the limit', async () => {
    let inFlight = 0;
    let most = 0;
    const results = await mapInFlight(
      Array.from({ length: 50 }, (_, index) => index),
      4,
      async index => {
        most = Math.max(most, ++inFlight);
        await new Promise(resolve => setTimeout(resolve, (index * 7) % 5));
        inFlight--;
        return index * 2;
      },
    );
    assert.deepEqual(
      results,
      Array.from({ length: 50 }, (_, index) => index * 2),
    );
    assert.equal(most, 4);
    await assert.rejects(mapInFlight([1], 4, () => Promise.reject(new Error('x'))));
  });
});

describe('keyBelongs', { skip: withoutOpenssl() }, () => {
  const algorithms = ['ECDSA-P256', 'ECDSA-P384', 'RSA-2048'] as const;
  for (const algorithm of algorithms) {
    it(`tells its own key from another: ${algorithm}`, async context => {
      const validity = { notBefore: NOW, notAfter: NOW + 1 };
      const [mine, other] = await Promise.all([1, 2].map(() => issueAuthority('x', {}, algorithm, validity)));
      assert.ok(mine && other);
      const certificate = new X509Certificate(mine.certificate);
      assert.equal(keyBelongs(certificate, mine.key), true);
      assert.equal(keyBelongs(certificate, other.key), false);
      // The older forms, which OpenSSL reads.
      const directory = temporaryDirectory(context);
      for (const [name, key] of [
        ['mine', mine.key],
        ['other', other.key],
      ] as const) {
        writeFileSync(join(directory, name), key);
        const older = openssl(
          [algorithm.startsWith('RSA') ? 'rsa' : 'ec', '-in', name, ...(algorithm.startsWith('RSA') ? ['-traditional'] : [])],
          directory,
        );
        assert.equal(keyBelongs(certificate, older), name === 'mine');
      }
      const lines = mine.key.trimEnd().split('\n');
      assert.equal(keyBelongs(certificate, [...lines.slice(0, -2), lines.at(-1), ''].join('\n')), 'unreadable');
      for (const text of ['', 'x', mine.key.slice(0, -20), mine.certificate]) assert.equal(keyBelongs(certificate, text), 'unreadable');
    });
  }
});
