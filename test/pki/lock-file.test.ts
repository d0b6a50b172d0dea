import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { compareWithLock, type Lock, lockOf, parseLock, serializeLock } from '../../src/pki/lock-file.ts';
import type { Secrets } from '../../src/pki/secrets.ts';
import { serializeSecrets } from '../../src/pki/secrets-file.ts';
import type { Cluster } from '../../src/spec/cluster.ts';
import { openssl, temporaryDirectory, withoutOpenssl } from './openssl.ts';
import { NOW, sampleCluster, sampleNode } from './sample-cluster.ts';

const CLUSTER = sampleCluster();

describe('the lock file', () => {
  let secrets: Secrets;
  let lock: Lock;
  before(async () => {
    secrets = await createSecrets(CLUSTER, NOW);
    lock = lockOf(CLUSTER, secrets, undefined, '0.1.0');
  });

  const compare = (cluster: Cluster, mine: Secrets | undefined = secrets, known = lock) => compareWithLock(cluster, mine, known);
  const codes = (cluster: Cluster, mine?: Secrets, known?: Lock) => compare(cluster, mine, known).map(problem => problem.code);
  const version = (minor: number, patch = 0) => sampleCluster({ version: { text: `v1.${minor}.${patch}`, minor, patch } });

  it('reads back as what was written, in the same bytes', () => {
    const text = serializeLock(lock);
    const read = parseLock({ fileName: 'cluster.lock.yaml', text });
    assert.deepEqual(read, { lock, problems: [] });
    assert.equal(serializeLock(read.lock ?? lock), text);
    assert.deepEqual(compare(CLUSTER), []);
  });

  it('holds nothing secret', () => {
    const text = serializeLock(lock);
    assert.doesNotMatch(text, /PRIVATE|BEGIN/);
    const values = [
      secrets.encryptionKeys[0]?.secret,
      secrets.etcd.clusterToken,
      ...serializeSecrets(secrets)
        .split('\n')
        .filter(line => /^ +[A-Za-z0-9+/=]{40,}$/.test(line)),
    ];
    for (const value of values) assert.ok(value && !text.includes(value.trim()));
  });

  it("has openssl's fingerprints", { skip: withoutOpenssl() }, context => {
    const path = join(temporaryDirectory(context), 'ca.crt');
    writeFileSync(path, secrets.certificateAuthorities.kubernetes[0]?.certificate ?? '');
    const printed = openssl(['x509', '-in', path, '-noout', '-fingerprint', '-sha256'])
      .split('=')[1]
      ?.trim()
      .replaceAll(':', '')
      .toLowerCase();
    assert.equal(lock.certificateAuthorities.kubernetes[0]?.fingerprint, `sha256:${printed}`);
  });

  it('keeps what was built when there was no build', () => {
    assert.deepEqual(lockOf(CLUSTER, secrets, lock).built, { kubernetesVersion: 'v1.37.1', kubekiln: '0.1.0' });
    assert.equal(lockOf(CLUSTER, secrets).built, undefined);
    assert.deepEqual(parseLock({ fileName: 'x', text: serializeLock(lockOf(CLUSTER, secrets)) }).problems, []);
  });

  it('knows which cluster lost its secrets', () => {
    const [problem] = compareWithLock(CLUSTER, undefined, lock);
    assert.equal(problem?.code, 'secrets-missing');
    const digest = lock.certificateAuthorities.kubernetes[0]?.fingerprint.slice(7, 13);
    assert.equal(
      problem?.message,
      `no secrets.yaml beside cluster.yaml, but cluster.lock.yaml knows this cluster (CA sha256:${digest}…, 2026-11-18)`,
    );
    assert.deepEqual(problem?.details, ['A new CA would be trusted by no node, kubeconfig or backup of prod.']);
    assert.match(problem?.hint ?? '', /kubekiln secrets init --from-kubernetes-pki DIR/);
    assert.deepEqual(
      compareWithLock(CLUSTER, undefined, undefined).map(({ code, hint }) => [code, /secrets init/.test(hint ?? '')]),
      [['secrets-missing', true]],
    );
    assert.deepEqual(compareWithLock(CLUSTER, secrets, undefined), []);
  });

  it('refuses the secrets of another authority, but not one that a rotation added', async () => {
    const other = await createSecrets(CLUSTER, NOW);
    const [problem] = compare(CLUSTER, other);
    assert.equal(problem?.code, 'secrets-of-another-ca');
    assert.equal(problem?.details?.length, 4);
    const mixed: Secrets = {
      ...secrets,
      certificateAuthorities: { ...secrets.certificateAuthorities, etcd: other.certificateAuthorities.etcd },
    };
    assert.deepEqual(
      compare(CLUSTER, mixed).map(({ code, details }) => [code, details?.length]),
      [['secrets-of-another-ca', 1]],
    );
    const etcd = [
      ...other.certificateAuthorities.etcd,
      ...secrets.certificateAuthorities.etcd.map(entry => ({ ...entry, state: 'trusted' as const })),
    ];
    assert.deepEqual(compare(CLUSTER, { ...secrets, certificateAuthorities: { ...secrets.certificateAuthorities, etcd } }), []);
  });

  it('refuses the lock of another cluster', () => {
    assert.deepEqual(codes(sampleCluster({ name: 'stage' })), ['lock-of-another-cluster']);
    assert.deepEqual(
      compareWithLock(sampleCluster({ name: 'stage' }), undefined, lock).map(problem => problem.code),
      ['lock-of-another-cluster'],
    );
  });

  it('refuses to skip a minor version, or to go back', () => {
    const from = (minor: number): Lock => ({ ...lock, built: { kubernetesVersion: `v1.${minor}.3`, kubekiln: '0.1.0' } });
    assert.deepEqual(codes(version(35), secrets, from(35)), []);
    assert.deepEqual(codes(version(36), secrets, from(35)), []);
    assert.deepEqual(codes(version(37), secrets, from(35)), ['version-skips-minor']);
    assert.deepEqual(codes(version(34), secrets, from(35)), ['version-downgrade']);
    assert.match(compare(version(37), secrets, from(33))[0]?.message ?? '', /skips v1\.34, v1\.35, v1\.36$/);
    assert.deepEqual(codes(version(33), secrets, lockOf(CLUSTER, secrets)), []);
    const [problem] = compareWithLock(version(37), secrets, from(35), 'other.yaml');
    assert.deepEqual([problem?.file, problem?.path], ['other.yaml', ['spec', 'kubernetesVersion']]);
  });

  it('warns when the founding members change after a build', () => {
    const four = sampleCluster({ nodes: [...CLUSTER.nodes, sampleNode('cp-4', '10.0.1.14')] });
    assert.deepEqual(
      compare(four).map(({ code, severity }) => [code, severity]),
      [['founding-members-changed', 'warning']],
    );
    assert.deepEqual(codes(sampleCluster({ nodes: [sampleNode('cp-1', '10.0.1.99'), ...CLUSTER.nodes.slice(1)] })), [
      'founding-members-changed',
    ]);
    assert.deepEqual(codes(sampleCluster({ nodes: [...CLUSTER.nodes].reverse() })), []);
    assert.deepEqual(codes(sampleCluster({ nodes: [...CLUSTER.nodes, sampleNode('w-1', '10.0.2.1', 'worker')] })), []);
    assert.deepEqual(codes(four, secrets, lockOf(CLUSTER, secrets)), []);
  });

  it('refuses an old copy of the secrets', () => {
    const known: Lock = { ...lock, nodes: { ...lock.nodes, 'cp-2': { generation: 3, instance: 1 }, gone: { generation: 9, instance: 9 } } };
    assert.deepEqual(codes(CLUSTER, secrets, known), ['generation-too-low']);
    const newer: Secrets = { ...secrets, nodes: { ...secrets.nodes, 'cp-2': { generation: 4, instance: 1 } } };
    assert.deepEqual(codes(CLUSTER, newer, known), []);
  });

  it('reports what is wrong with its text', () => {
    const text = serializeLock(lock);
    const read = (broken: string) =>
      parseLock({ fileName: 'cluster.lock.yaml', text: broken }).problems.map(({ code, path }) => `${code} ${path.join('.')}`);
    assert.deepEqual(read('a: ['), ['lock-unreadable ']);
    assert.deepEqual(read(''), ['lock-invalid ']);
    assert.deepEqual(read(text.replace('v1alpha1', 'v2')), ['lock-newer-format apiVersion']);
    assert.deepEqual(read(text.replace(/sha256:\w{5}/, 'sha256:')), ['lock-invalid certificateAuthorities.kubernetes.0.fingerprint']);
    assert.deepEqual(read(text.replace('generation: 1', 'generation: many')), ['lock-invalid nodes.cp-1.generation']);
    assert.deepEqual(read(text.replace('foundingMembers', 'members')), ['lock-invalid etcd.foundingMembers', 'lock-invalid etcd.members']);
  });
});
