import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Bug } from '../../src/bug.ts';
import { pemContent } from '../../src/formats/pem.ts';
import { issueAuthority, issueLeaves, type LeafOrder } from '../../src/pki/issue.ts';
import type { CertificateRequest } from '../../src/pki/request.ts';
import type { KeyAlgorithm, Subject } from '../../src/spec/cluster.ts';
import { certificateText, openssl, temporaryDirectory, verify, withoutOpenssl } from './openssl.ts';
import { clientRequest, DAY, NOW, YEAR } from './sample-cluster.ts';

const SUBJECT: Subject = { C: 'DE', ST: 'Bayern', L: 'Augsburg', O: 'Example GmbH & Söhne', OU: 'Platform' };
const VALIDITY = { notBefore: NOW - DAY, notAfter: NOW + YEAR };
const AUTHORITY_VALIDITY = { notBefore: NOW - DAY, notAfter: NOW + 30 * YEAR };

const SERVER: CertificateRequest = {
  ...clientRequest('cp-1/apiserver', 'kube-apiserver'),
  usages: ['serverAuth', 'clientAuth'],
  dnsNames: ['cp-1', 'kubernetes.default.svc', '*.example.com'],
  ipAddresses: ['10.96.0.1', '::1', '::ffff:10.0.0.1', '2001:db8::a:0:17'],
};

async function authority(algorithm: KeyAlgorithm = 'ECDSA-P256', subject: Subject = {}) {
  return issueAuthority('prod-kubernetes-ca', subject, algorithm, AUTHORITY_VALIDITY);
}

async function issueOne(request: CertificateRequest, order: Partial<LeafOrder> = {}) {
  const issuer = order.issuer ?? (await authority());
  const [pair] = await issueLeaves([{ request, issuer, subject: {}, algorithm: 'ECDSA-P256', ...VALIDITY, ...order }]);
  assert.ok(pair);
  return { pair, issuer };
}

describe('issued certificates', { skip: withoutOpenssl() }, () => {
  for (const algorithm of ['ECDSA-P256', 'ECDSA-P384', 'RSA-2048', 'RSA-3072', 'RSA-4096'] as const) {
    it(`pass openssl verify -x509_strict: ${algorithm}`, async context => {
      const directory = temporaryDirectory(context);
      const issuer = await authority(algorithm, SUBJECT);
      const { pair } = await issueOne(SERVER, { issuer, algorithm, subject: SUBJECT });
      const check = (...options: string[]) => verify(directory, issuer.certificate, pair.certificate, options, NOW);
      assert.equal(check('-purpose', 'sslserver').status, 0, check('-purpose', 'sslserver').output);
      assert.equal(check('-purpose', 'sslclient').status, 0);
      assert.equal(check('-verify_hostname', 'kubernetes.default.svc').status, 0);
      assert.equal(check('-verify_hostname', 'cp-2').status, 2);
      for (const address of SERVER.ipAddresses) assert.equal(check('-verify_ip', address).status, 0, address);
      assert.equal(check('-verify_ip', '::10.0.0.1').status, 2);
      const text = certificateText(directory, pair.certificate);
      const usage = algorithm.startsWith('RSA') ? 'Digital Signature, Key Encipherment' : 'Digital Signature';
      assert.match(text, new RegExp(`X509v3 Key Usage: critical\\n +${usage}\\n`));
      assert.match(
        text,
        { 'ECDSA-P256': /P-256/, 'ECDSA-P384': /P-384/, 'RSA-2048': /2048 bit/, 'RSA-3072': /3072 bit/, 'RSA-4096': /4096 bit/ }[algorithm],
      );
      assert.match(text, algorithm === 'ECDSA-P384' ? /ecdsa-with-SHA384/ : /SHA256/i);
    });
  }

  it('have exactly the ordered usages, names and identifiers', async context => {
    const directory = temporaryDirectory(context);
    const { pair, issuer } = await issueOne(SERVER, { subject: SUBJECT });
    const text = certificateText(directory, pair.certificate);
    assert.match(text, /X509v3 Basic Constraints: critical\n +CA:FALSE\n/);
    assert.match(text, /X509v3 Extended Key Usage: \n +TLS Web Server Authentication, TLS Web Client Authentication\n/);
    assert.doesNotMatch(text, /X509v3 Subject Key Identifier/, 'a leaf needs none');
    assert.match(
      text,
      /DNS:cp-1, DNS:kubernetes.default.svc, DNS:\*.example.com, IP Address:10.96.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:0:0:0:0:0:FFFF:A00:1, IP Address:2001:DB8:0:0:0:A:0:17\n/,
    );
    const identifier = (pem: string, which: string) =>
      new RegExp(`X509v3 ${which} Key Identifier: \\n +(\\S+)\\n`).exec(certificateText(directory, pem))?.[1];
    assert.equal(identifier(pair.certificate, 'Authority'), identifier(issuer.certificate, 'Subject'));
    const authorityText = certificateText(directory, issuer.certificate);
    assert.match(authorityText, /X509v3 Basic Constraints: critical\n +CA:TRUE, pathlen:0\n/);
    assert.match(authorityText, /X509v3 Key Usage: critical\n +Certificate Sign, CRL Sign\n/);
    assert.equal(identifier(issuer.certificate, 'Authority'), identifier(issuer.certificate, 'Subject'));
    // RFC 5280, 4.2.1.2, method 2
    const publicKey = new X509Certificate(issuer.certificate).publicKey.export({ type: 'spki', format: 'der' });
    const digest = createHash('sha1').update(publicKey.subarray(-65)).digest('hex').toUpperCase();
    assert.equal(identifier(issuer.certificate, 'Subject')?.replaceAll(':', ''), `4${digest.slice(-15)}`);
  });

  it('keep a client certificate from serving', async context => {
    const directory = temporaryDirectory(context);
    const { pair, issuer } = await issueOne(clientRequest('cp-1/scheduler', 'system:kube-scheduler'));
    assert.equal(verify(directory, issuer.certificate, pair.certificate, ['-purpose', 'sslclient'], NOW).status, 0);
    assert.notEqual(verify(directory, issuer.certificate, pair.certificate, ['-purpose', 'sslserver'], NOW).status, 0);
    assert.doesNotMatch(certificateText(directory, pair.certificate), /Subject Alternative Name/);
  });

  it('order the subject as openssl does, and leave the cluster out of the groups', async context => {
    const directory = temporaryDirectory(context);
    const subject = async (request: CertificateRequest) => {
      const { pair } = await issueOne(request, { subject: SUBJECT });
      return /Subject: *\n((?: {12}.*\n)+)/
        .exec(certificateText(directory, pair.certificate))?.[1]
        ?.split('\n')
        .map(line => line.trim())
        .filter(Boolean)
        .reverse();
    };
    const request = clientRequest('cp-1/kubelet', 'system:node:cp-1');
    const prefix = ['C=DE', 'ST=Bayern', 'L=Augsburg'];
    assert.deepEqual(await subject(request), [...prefix, 'OU=Platform', 'CN=system:node:cp-1']);
    const groups = { ...request, organizations: ['system:nodes', 'second'] };
    assert.deepEqual(await subject(groups), [...prefix, 'O=system:nodes', 'O=second', 'OU=Platform', 'CN=system:node:cp-1']);
    const server = { ...request, usages: ['serverAuth'], dnsNames: ['cp-1'] } as const;
    assert.deepEqual(await subject(server), [...prefix, 'O=Example GmbH & Söhne', 'OU=Platform', 'CN=system:node:cp-1']);
  });

  const hostile = [
    'cp1, O=system:masters',
    'cp1,O=system:masters',
    'a\nO=system:masters',
    '"quoted"',
    "it's",
    '#0c0e73797374656d3a6d617374657273',
    'a\\, O=b',
    'a+O=system:masters',
    '\\0a',
    'naïve-名前',
    ' leading',
    'trailing ',
    '${HOME}`id`{{x}}',
    'a/O=system:masters',
    '\u0000nul',
  ];
  for (const commonName of hostile) {
    it(`keep a hostile name one value: ${JSON.stringify(commonName)}`, async context => {
      const directory = temporaryDirectory(context);
      const { pair, issuer } = await issueOne(clientRequest('x/y', commonName));
      const parsed = openssl(['asn1parse', '-in', writePem(directory, pair.certificate)], directory);
      // Issuer: one attribute. Subject: one attribute.
      assert.deepEqual(parsed.match(/OBJECT +:(commonName|organizationName|organizationalUnitName)/g), [
        'OBJECT            :commonName',
        'OBJECT            :commonName',
      ]);
      assert.ok(new X509Certificate(pair.certificate).raw.includes(Buffer.from(commonName)));
      assert.equal(verify(directory, issuer.certificate, pair.certificate, ['-purpose', 'sslclient'], NOW).status, 0);
    });
  }

  it('refuse what is no host name or address, as a bug', async () => {
    for (const dnsNames of [['a,DNS:b'], ['a b'], ['a\n'], ['']]) await assert.rejects(issueOne({ ...SERVER, dnsNames }), Bug);
    for (const address of ['fe80::1%eth0', '010.0.0.1', '10.0.0.0/8', 'cp-1'])
      await assert.rejects(issueOne({ ...SERVER, ipAddresses: [address] }), Bug);
    await assert.rejects(issueOne({ ...SERVER, usages: ['serverAuth'] }, { subject: { O: 'system:masters' } }), Bug);
  });

  it('have positive random serial numbers of 9 octets', async () => {
    const issuer = await authority();
    const orders = Array.from({ length: 40 }, (_, index) => ({
      request: clientRequest(`n-${index}/x`, 'x'),
      issuer,
      subject: {},
      algorithm: 'ECDSA-P256' as const,
      ...VALIDITY,
    }));
    const serials = (await issueLeaves(orders)).map(pair => new X509Certificate(pair.certificate).serialNumber);
    assert.equal(new Set(serials).size, 40);
    for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{17}$/);
  });

  it('write dates past 2049 as GeneralizedTime, and whole seconds', async context => {
    const directory = temporaryDirectory(context);
    const issuer = await authority();
    const parsed = openssl(['asn1parse', '-in', writePem(directory, issuer.certificate)], directory);
    assert.match(parsed, /UTCTIME +:261117110640Z/);
    assert.match(parsed, /GENERALIZEDTIME +:20561110110640Z/);
  });

  it('hand out keys in PKCS#8 that belong to the certificate', async context => {
    const directory = temporaryDirectory(context);
    const { pair } = await issueOne(SERVER);
    assert.match(pair.key, /^-----BEGIN PRIVATE KEY-----\n/);
    // Compact: without the optional copy of the public key.
    assert.equal(pemContent(pair.key, 'PRIVATE KEY')?.length, 67);
    assert.ok(pair.key.endsWith('-----END PRIVATE KEY-----\n') && pair.certificate.endsWith('-----END CERTIFICATE-----\n'));
    const fromKey = openssl(['pkey', '-in', writePem(directory, pair.key), '-pubout'], directory);
    assert.equal(openssl(['x509', '-in', writePem(directory, pair.certificate), '-noout', '-pubkey'], directory), fromKey);
  });
});

function writePem(directory: string, pem: string): string {
  const path = join(directory, 'x.pem');
  writeFileSync(path, pem);
  return path;
}
