import assert from 'node:assert/strict';
import { createPublicKey, sign, verify, X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { fromRfc3339 } from '../../src/clock.ts';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { type Filled, fillCredentials } from '../../src/pki/credentials.ts';
import type { Secrets } from '../../src/pki/secrets.ts';
import { parseSecrets, serializeSecrets } from '../../src/pki/secrets-file.ts';
import type { Cluster } from '../../src/spec/cluster.ts';
import { DAY, NOW, sampleCluster, sampleNode, sampleRequests, YEAR } from './sample-cluster.ts';

const CLUSTER = sampleCluster();

function fill(secrets: Secrets, cluster: Cluster = CLUSTER, options = {}): Promise<Filled> {
  return fillCredentials(cluster, secrets, sampleRequests(cluster), { now: NOW, locked: false, ...options });
}

function codes(filled: Filled): string[] {
  return filled.problems.map(problem => problem.code);
}

describe('fillCredentials', () => {
  let born: Secrets;
  let first: Filled;
  before(async () => {
    born = await createSecrets(CLUSTER, NOW);
    first = await fill(born);
  });

  it('issues every requested leaf, inside the life of its authority', () => {
    assert.deepEqual(first.problems, []);
    assert.deepEqual([first.issued, first.reused], [13, 0]);
    const { credentials } = first;
    assert.ok(credentials);
    for (const request of sampleRequests(CLUSTER)) {
      const pair = credentials.leaves.get(request.name);
      const authority = credentials.authorities[request.authority];
      assert.ok(pair);
      const certificate = new X509Certificate(pair.certificate);
      assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey), request.name);
      assert.deepEqual([pair.notBefore, pair.notAfter], [NOW - DAY, NOW + YEAR]);
      assert.equal(Date.parse(certificate.validTo) / 1000, pair.notAfter);
    }
    assert.equal(credentials.etcdClusterToken, born.etcd.clusterToken);
    assert.match(born.etcd.clusterToken, /^prod-[0-9a-f]{16}$/);
    assert.equal(credentials.bootstrapBefore, NOW + CLUSTER.bootstrapWindow);
    assert.equal(Buffer.from(credentials.encryptionKeys.get('key1') ?? '', 'base64').length, 32);
    assert.deepEqual(
      [...credentials.nodes],
      [
        ['cp-1', { generation: 1, instance: 1 }],
        ['cp-2', { generation: 1, instance: 1 }],
        ['cp-3', { generation: 1, instance: 1 }],
      ],
    );
  });

  it('names authorities after the cluster, and gives them the cluster subject', async () => {
    const subjects = Object.values(born.certificateAuthorities).map(([entry]) => new X509Certificate(entry?.certificate ?? '').subject);
    assert.deepEqual(subjects, ['CN=prod-kubernetes-ca', 'CN=prod-etcd-ca', 'CN=prod-front-proxy-ca']);
    const withSubject = await createSecrets(sampleCluster({ subject: { C: 'DE', O: 'Example' } }), NOW);
    assert.equal(
      new X509Certificate(withSubject.certificateAuthorities.etcd[0]?.certificate ?? '').subject,
      'C=DE\nO=Example\nCN=prod-etcd-ca',
    );
  });

  it('signs service-account tokens with the key that verifies them', () => {
    const { signingKey, publicKeys } = first.credentials?.serviceAccount ?? { signingKey: '', publicKeys: '' };
    const data = Buffer.from('token');
    assert.ok(verify('sha256', data, createPublicKey(publicKeys), sign('sha256', data, signingKey)));
    assert.equal(createPublicKey(publicKeys).asymmetricKeyDetails?.namedCurve, 'prime256v1');
  });

  it('changes nothing the second time, not a byte', async () => {
    const text = serializeSecrets(first.secrets);
    const { secrets } = parseSecrets({ fileName: 'secrets.yaml', text, mode: 0o600, clusterName: 'prod' });
    assert.ok(secrets);
    const second = await fill(secrets, CLUSTER, { now: NOW + 40 * DAY, locked: true });
    assert.deepEqual([second.issued, second.reused, second.problems], [0, 13, []]);
    assert.equal(second.secrets, secrets);
    assert.equal(serializeSecrets(second.secrets), text);
    assert.deepEqual(second.credentials, first.credentials);
  });

  it('issues only the leaves of a node that was added', async () => {
    const larger = sampleCluster({ nodes: [...CLUSTER.nodes, sampleNode('cp-4', '10.0.1.14')] });
    const second = await fill(first.secrets, larger, { now: NOW + DAY });
    assert.deepEqual([second.issued, second.reused], [4, 13]);
    for (const [digest, leaf] of Object.entries(first.secrets.leaves)) assert.deepEqual(second.secrets.leaves[digest], leaf);
    assert.deepEqual(second.secrets.nodes['cp-4'], { generation: 1, instance: 1 });
  });

  it('issues one leaf anew when its alternative names change, and prunes the old one', async () => {
    const requests = sampleRequests(CLUSTER).map(request =>
      request.name === 'cp-2/apiserver' ? { ...request, dnsNames: [...request.dnsNames, 'new.example.com'] } : request,
    );
    const second = await fillCredentials(CLUSTER, first.secrets, requests, { now: NOW + DAY, locked: false });
    assert.deepEqual([second.issued, second.reused], [1, 12]);
    assert.equal(Object.keys(second.secrets.leaves).length, 13);
    const fresh = Object.keys(second.secrets.leaves).filter(digest => !(digest in first.secrets.leaves));
    assert.deepEqual(
      fresh.map(digest => second.secrets.leaves[digest]?.name),
      ['cp-2/apiserver'],
    );
  });

  for (const [what, overrides] of Object.entries({
    algorithm: { encryptionAlgorithm: 'ECDSA-P384' },
    validity: { certificateValidity: YEAR / 2 },
    skew: { notBeforeSkew: 0 },
    subject: { subject: { OU: 'Platform' } },
  } satisfies Record<string, Partial<Cluster>>)) {
    it(`issues all leaves anew when the ${what} changes`, async () => {
      assert.equal((await fill(first.secrets, sampleCluster(overrides))).issued, 13);
    });
  }

  it('prunes the leaves of a node that left, and remembers its identity', async () => {
    const smaller = sampleCluster({ nodes: CLUSTER.nodes.slice(0, 2) });
    const second = await fill(first.secrets, smaller);
    assert.deepEqual([second.issued, Object.keys(second.secrets.leaves).length], [0, 9]);
    assert.deepEqual(Object.keys(second.secrets.nodes), ['cp-1', 'cp-2', 'cp-3']);
  });

  it('makes a key for an encryption key name that was added, and keeps the others', async () => {
    const encryption = [
      {
        resources: ['secrets'],
        providers: [{ type: 'secretbox', keys: ['key2', 'key1'] } as const, { type: 'aescbc', keys: ['key2'] } as const],
      },
    ];
    const second = await fill(first.secrets, sampleCluster({ encryption }));
    assert.deepEqual([...(second.credentials?.encryptionKeys.keys() ?? [])], ['key1', 'key2']);
    assert.equal(second.credentials?.encryptionKeys.get('key1'), first.credentials?.encryptionKeys.get('key1'));
  });

  it('refuses to make anything when locked, and says what', async () => {
    const encryption = [{ resources: ['secrets'], providers: [{ type: 'secretbox', keys: ['key2'] } as const] }];
    const changed = sampleCluster({
      encryption,
      nodes: [sampleNode('cp-1', '10.0.1.99'), ...CLUSTER.nodes.slice(1), sampleNode('cp-4', '10.0.1.14')],
    });
    const second = await fill(first.secrets, changed, { locked: true });
    assert.deepEqual(codes(second), ['locked-leaves-missing']);
    assert.equal(second.problems[0]?.message, '--locked, but 6 certificates, 1 encryption key, 1 node identity would have to be made');
    assert.ok(second.problems[0]?.details?.includes('cp-1/apiserver (its request changed)'));
    assert.deepEqual([second.credentials, second.issued, second.secrets], [undefined, 0, first.secrets]);
  });

  it('reuses leaves without the key of their authority, and names those that it cannot issue', async () => {
    const offline = withoutAuthorityKey(first.secrets);
    assert.deepEqual((await fill(offline)).problems, []);
    assert.equal((await fill(offline)).credentials?.authorities.kubernetes.key, undefined);
    const larger = sampleCluster({ nodes: [...CLUSTER.nodes, sampleNode('cp-4', '10.0.1.14')] });
    const second = await fill(offline, larger);
    assert.deepEqual(codes(second), ['authority-key-missing']);
    assert.deepEqual(second.problems[0]?.details, ['cp-4/apiserver', 'cp-4/kubelet']);
  });

  it('stops at expired leaves, and warns before', async () => {
    assert.deepEqual(codes(await fill(first.secrets, CLUSTER, { now: NOW + YEAR - 31 * DAY })), []);
    const soon = await fill(first.secrets, CLUSTER, { now: NOW + YEAR - 29 * DAY });
    assert.deepEqual(
      soon.problems.map(({ code, severity }) => [code, severity]),
      [['certificate-expires-soon', 'warning']],
    );
    assert.ok(soon.credentials);
    const late = await fill(first.secrets, CLUSTER, { now: NOW + YEAR + 1 });
    assert.deepEqual(codes(late), ['certificate-expired']);
    assert.match(late.problems[0]?.hint ?? '', /out of leaves in secrets\.yaml/);
    assert.equal(late.credentials, undefined);
  });

  it('stops at an authority that is not valid now, and clamps leaves to one that ends soon', async () => {
    assert.ok(codes(await fill(born, CLUSTER, { now: NOW + 11 * YEAR })).includes('authority-expired'));
    assert.deepEqual(codes(await fill(born, CLUSTER, { now: NOW - 2 * DAY })), Array(3).fill('authority-not-yet-valid'));
    const ending = await fill(born, CLUSTER, { now: NOW + 9.5 * YEAR });
    assert.deepEqual(codes(ending), Array(3).fill('authority-ends-early'));
    assert.equal(ending.credentials?.leaves.get('cp-1/apiserver')?.notAfter, NOW + 10 * YEAR);
    const early = await fill(born, CLUSTER, { now: NOW - DAY / 2 });
    assert.equal(early.credentials?.leaves.get('cp-1/apiserver')?.notBefore, NOW - DAY);
  });

  it('trusts further authorities and keys, the active one first', async () => {
    const other = await createSecrets(CLUSTER, NOW);
    const trusted = <E extends object>(entry: E | undefined) => ({ ...entry, id: 'x', state: 'trusted' }) as E;
    const [mine] = first.secrets.certificateAuthorities.kubernetes;
    const [theirs] = other.certificateAuthorities.kubernetes;
    assert.ok(mine && theirs);
    const both: Secrets = {
      ...first.secrets,
      certificateAuthorities: {
        ...first.secrets.certificateAuthorities,
        kubernetes: [trusted(theirs), mine, { ...trusted(theirs), id: 'y', state: 'retired' }],
      },
      serviceAccountKeys: [...first.secrets.serviceAccountKeys, ...other.serviceAccountKeys.map(trusted)],
    };
    const { credentials, issued } = await fill(both);
    assert.equal(issued, 0);
    assert.equal(credentials?.authorities.kubernetes.bundle, mine.certificate + theirs.certificate);
    assert.equal(credentials?.serviceAccount.publicKeys.match(/BEGIN PUBLIC KEY/g)?.length, 2);
  });
});

function withoutAuthorityKey(secrets: Secrets): Secrets {
  const kubernetes = secrets.certificateAuthorities.kubernetes.map(({ key: _key, ...entry }) => entry);
  return { ...secrets, certificateAuthorities: { ...secrets.certificateAuthorities, kubernetes } };
}

describe('createSecrets', () => {
  it('records when the cluster was born, and until when blank nodes may found it', async () => {
    const { metadata, etcd } = await createSecrets(CLUSTER, NOW);
    assert.equal(fromRfc3339(metadata.createdAt), NOW);
    assert.equal(fromRfc3339(etcd.bootstrapBefore), NOW + 30 * DAY);
  });
});
