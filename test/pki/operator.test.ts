import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { fillCredentials } from '../../src/pki/credentials.ts';
import { certificateExpiry } from '../../src/pki/expiry.ts';
import { issueOperator } from '../../src/pki/operator.ts';
import type { Secrets } from '../../src/pki/secrets.ts';
import { temporaryDirectory, verify, withoutOpenssl } from './openssl.ts';
import { DAY, NOW, sampleCluster, sampleRequests, YEAR } from './sample-cluster.ts';

const CLUSTER = sampleCluster({ subject: { C: 'DE', O: 'Example' } });

describe('issueOperator', () => {
  let secrets: Secrets;
  before(async () => {
    secrets = await createSecrets(CLUSTER, NOW);
  });
  const issue = (options: Partial<Parameters<typeof issueOperator>[2]> = {}) =>
    issueOperator(CLUSTER, secrets, { user: 'jane', groups: ['dev'], validity: 3600, superAdmin: false, now: NOW, ...options });
  const subject = (pem = '') => new X509Certificate(pem).subject;

  it('issues a short-lived client certificate', { skip: withoutOpenssl() }, async context => {
    const { keyPair, problems } = await issue();
    assert.deepEqual(problems, []);
    assert.ok(keyPair);
    assert.equal(subject(keyPair.certificate), 'C=DE\nO=dev\nCN=jane');
    assert.equal(keyPair.notAfter, NOW + 3600);
    const authority = secrets.certificateAuthorities.kubernetes[0]?.certificate ?? '';
    assert.equal(verify(temporaryDirectory(context), authority, keyPair.certificate, ['-purpose', 'sslclient'], NOW).status, 0);
  });

  it('gives system:masters only to a super admin', async () => {
    assert.match(subject((await issue({ superAdmin: true })).keyPair?.certificate), /\nO=dev\nO=system:masters\n/);
    for (const options of [
      { groups: ['system:masters'] },
      { groups: ['system:nodes'] },
      { user: 'system:kube-scheduler' },
      { user: '' },
      { user: 'x'.repeat(65) },
      { groups: ['a\nb'] },
    ]) {
      const { keyPair, problems } = await issue(options);
      assert.deepEqual([keyPair, problems.map(problem => problem.code)], [undefined, ['operator-name']], JSON.stringify(options));
    }
    assert.equal(
      new X509Certificate((await issue({ user: 'jane, O=system:masters', groups: [] })).keyPair?.certificate ?? '').toLegacyObject().subject
        .CN,
      'jane, O=system:masters',
    );
  });

  it('refuses a validity beyond the authority, and works without a stored key only by saying so', async () => {
    assert.deepEqual(
      (await issue({ validity: 11 * YEAR })).problems.map(problem => problem.code),
      ['operator-validity'],
    );
    assert.deepEqual(
      (await issue({ validity: 0 })).problems.map(problem => problem.code),
      ['operator-validity'],
    );
    assert.ok((await issue({ now: NOW - 2 * DAY })).problems.some(problem => problem.code === 'authority-not-yet-valid'));
    const kubernetes = secrets.certificateAuthorities.kubernetes.map(({ key: _key, ...entry }) => entry);
    const offline = { ...secrets, certificateAuthorities: { ...secrets.certificateAuthorities, kubernetes } };
    const { problems } = await issueOperator(CLUSTER, offline, { user: 'jane', groups: [], validity: 60, superAdmin: false, now: NOW });
    assert.deepEqual(
      problems.map(problem => problem.code),
      ['authority-key-missing'],
    );
  });
});

describe('certificateExpiry', () => {
  it('lists each leaf with the authority that signed it, then the authorities', async () => {
    const filled = await fillCredentials(CLUSTER, await createSecrets(CLUSTER, NOW), sampleRequests(CLUSTER), { now: NOW, locked: false });
    const expiry = certificateExpiry(filled.secrets);
    const requests = sampleRequests(CLUSTER).map(({ name, authority }) => [name, authority] as const);
    assert.deepEqual(
      expiry.slice(0, -3).map(({ name, authority }) => [name, authority]),
      [...requests].sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    assert.deepEqual(
      expiry.slice(-3).map(({ name, isAuthority, notAfter }) => [name, isAuthority, notAfter]),
      ['kubernetes', 'etcd', 'front-proxy'].map(name => [`${name}-ca-1`, true, NOW + 10 * YEAR]),
    );
    assert.ok(expiry.slice(0, -3).every(entry => entry.notBefore === NOW - DAY && entry.notAfter === NOW + YEAR));
  });
});
