// The last look at a finished certificate: what is not exactly what was ordered is a bug of ours, and never reaches a node.
import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { Bug } from '../../src/bug.ts';
import { assertAuthority, assertLeaf, type LeafExpectation } from '../../src/pki/assert-issued.ts';
import { issueAuthority, issueLeaves } from '../../src/pki/issue.ts';
import { encodeName } from '../../src/pki/names.ts';
import type { CertificateRequest } from '../../src/pki/request.ts';

const VALIDITY = { notBefore: 1_800_000_000, notAfter: 1_900_000_000 };
const REQUEST: CertificateRequest = {
  name: 'cp-1/x',
  authority: 'kubernetes',
  commonName: 'x',
  organizations: [],
  usages: ['serverAuth'],
  dnsNames: ['x.example.com'],
  ipAddresses: ['10.0.0.1'],
};

const derOf = (pem: string) => new X509Certificate(pem).raw;
const publicKeyOf = (pem: string) => createPublicKey(pem).export({ type: 'spki', format: 'der' });

describe('what was issued', () => {
  let leaf: Uint8Array;
  let authority: string;
  let other: string;
  let expected: LeafExpectation;

  before(async () => {
    const issuer = await issueAuthority('ca', {}, 'ECDSA-P256', VALIDITY);
    authority = issuer.certificate;
    other = (await issueAuthority('ca', {}, 'ECDSA-P256', VALIDITY)).certificate;
    const order = { request: REQUEST, issuer: { certificate: authority, key: issuer.key }, subject: {}, algorithm: 'ECDSA-P256' } as const;
    const [pair] = await issueLeaves([{ ...order, ...VALIDITY }]);
    assert.ok(pair);
    leaf = derOf(pair.certificate);
    const read = new X509Certificate(authority);
    const publicKey = publicKeyOf(pair.certificate);
    expected = { request: REQUEST, name: encodeName({}, 'x'), publicKey, issuer: read, issuerKey: read.publicKey, ...VALIDITY };
  });

  it('passes when it is what was ordered', () => {
    assertLeaf(leaf, expected);
    assertAuthority(authority, encodeName({}, 'ca'));
  });

  const refused = (change: () => Partial<LeafExpectation>, message: RegExp) => () =>
    assert.throws(
      () => assertLeaf(leaf, { ...expected, ...change() }),
      (error: unknown) => error instanceof Bug && message.test(error.message),
    );
  const ordered = (change: Partial<CertificateRequest>) => () => ({ request: { ...REQUEST, ...change } });

  it(
    'is a bug with another authority of the same name',
    refused(() => ({ issuer: new X509Certificate(other), issuerKey: createPublicKey(other) }), /no valid signature/),
  );
  it(
    'is a bug with another name',
    refused(() => ({ name: encodeName({}, 'y') }), /another subject/),
  );
  it(
    'is a bug with another key',
    refused(() => ({ publicKey: publicKeyOf(other) }), /another public key/),
  );
  it('is a bug with a name less', refused(ordered({ dnsNames: ['x.example.com', 'y.example.com'] }), /other alternative names/));
  it('is a bug with an address more', refused(ordered({ ipAddresses: [] }), /other alternative names/));
  it('is a bug with another usage', refused(ordered({ usages: ['clientAuth'] }), /other usages/));
  it(
    'is a bug with a later end',
    refused(() => ({ notAfter: VALIDITY.notAfter - 1 }), /another validity/),
  );

  it('is a bug when a leaf is an authority', () => {
    // An authority signs itself, and names no usages: as a leaf everything of it but CA:TRUE could be right.
    const read = new X509Certificate(authority);
    const asLeaf = { ...expected, name: encodeName({}, 'ca'), publicKey: publicKeyOf(authority), issuer: read, issuerKey: read.publicKey };
    const request = { ...REQUEST, dnsNames: [], ipAddresses: [], usages: [] };
    assert.throws(() => assertLeaf(derOf(authority), { ...asLeaf, request }), Bug);
  });

  it('is a bug when an authority is a leaf', () => {
    const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(leaf).toString('base64')}\n-----END CERTIFICATE-----\n`;
    assert.throws(() => assertAuthority(pem, encodeName({}, 'x')), Bug);
  });
});
