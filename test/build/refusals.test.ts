// What stands between a build and its output, stage by stage: nothing is made, and nothing is written.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type BuildInput, build } from '../../src/build.ts';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { lockOf, serializeLock } from '../../src/pki/lock-file.ts';
import { serializeSecrets } from '../../src/pki/secrets-file.ts';
import { smallCluster } from '../plan/read-fixture.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;
const CLUSTER = `apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: dev}
spec:
  kubernetesVersion: v1.37.1
  nodes:
  - {name: cp-1, role: control-plane, address: 192.168.10.11}
`;

describe('a build stops', () => {
  let sound: BuildInput & Required<Pick<BuildInput, 'secretsFile' | 'lockFile'>>;
  before(async () => {
    const cluster = smallCluster();
    const secrets = await createSecrets(cluster, NOW);
    sound = {
      clusterFile: { name: 'cluster.yaml', bytes: Buffer.from(CLUSTER) },
      readSibling: () => undefined,
      secretsFile: { name: 'secrets.yaml', text: serializeSecrets(secrets), mode: 0o600 },
      lockFile: { name: 'cluster.lock.yaml', text: serializeLock(lockOf(cluster, secrets)) },
      now: NOW,
      locked: false,
      version: '0.0.0-test',
    };
    assert.ok((await build(sound)).output);
  });

  const edited = (from: string, to: string) => ({ name: 'cluster.yaml', bytes: Buffer.from(CLUSTER.replace(from, to)) });
  const withoutSecrets = () => {
    const { secretsFile: _, ...rest } = sound;
    return rest;
  };
  const cases: readonly (readonly [what: string, input: () => BuildInput, code: string])[] = [
    ['at a mistake in cluster.yaml', () => ({ ...sound, clusterFile: edited('nodes:', 'nodez:') }), 'unknown-key'],
    ['without secrets.yaml, when the lock knows the cluster', withoutSecrets, 'secrets-missing'],
    ['at secrets that others may read', () => ({ ...sound, secretsFile: { ...sound.secretsFile, mode: 0o644 } }), 'secrets-mode'],
    [
      'at half a secrets.yaml',
      () => ({ ...sound, secretsFile: { ...sound.secretsFile, text: sound.secretsFile.text.slice(0, -40) } }),
      'secrets-',
    ],
    ['at the secrets of another name', () => ({ ...sound, clusterFile: edited('name: dev', 'name: prod') }), 'secrets-of-another-cluster'],
    ['at a lock file that does not parse', () => ({ ...sound, lockFile: { name: 'cluster.lock.yaml', text: 'a: [' } }), 'lock-unreadable'],
    ['after the end of its authorities', () => ({ ...sound, now: NOW + 9000 * DAY }), 'authority-expired'],
    ['at a leaf to issue, when locked', () => ({ ...sound, locked: true }), 'locked'],
    [
      'at more user-data than the platform takes',
      () => ({ ...sound, clusterFile: edited('spec:', 'spec:\n  platform: aws\n  encryptionAlgorithm: RSA-2048') }),
      'user-data-too-large',
    ],
  ];
  for (const [what, input, code] of cases) {
    it(`${what}: ${code}`, async () => {
      const { output, problems } = await build(input());
      assert.equal(output, undefined);
      const errors = problems.filter(({ severity }) => severity === 'error').map(problem => problem.code);
      assert.ok(
        errors.some(found => found.startsWith(code)),
        `${errors}`,
      );
    });
  }

  it('at the secrets of another authority with the same name', async () => {
    const text = serializeSecrets(await createSecrets(smallCluster(), NOW));
    const { output, problems } = await build({ ...sound, secretsFile: { ...sound.secretsFile, text } });
    assert.equal(output, undefined);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['secrets-of-another-ca'],
    );
  });
});
