import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { parseYaml } from '../../src/formats/yaml.ts';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { fillCredentials } from '../../src/pki/credentials.ts';
import type { Secrets } from '../../src/pki/secrets.ts';
import { parseSecrets, serializeSecrets } from '../../src/pki/secrets-file.ts';
import { NOW, sampleCluster, sampleRequests } from './sample-cluster.ts';

const CLUSTER = sampleCluster({ encryptionAlgorithm: 'ECDSA-P256' });

function parse(text: string, options = {}) {
  return parseSecrets({ fileName: 'secrets.yaml', text, clusterName: 'prod', ...options });
}

function codes(text: string, options = {}): string[] {
  return parse(text, options).problems.map(problem => problem.code);
}

describe('the secrets file', () => {
  let secrets: Secrets;
  let text: string;
  before(async () => {
    ({ secrets } = await fillCredentials(CLUSTER, await createSecrets(CLUSTER, NOW), sampleRequests(CLUSTER), { now: NOW, locked: false }));
    text = serializeSecrets(secrets);
  });

  it('is block YAML with literal PEM blocks that says what it is', () => {
    assert.match(text, /^# Private keys of a Kubernetes cluster/);
    assert.match(
      text,
      /\napiVersion: kubekiln\/v1alpha1\nkind: Secrets\nmetadata:\n {2}cluster: prod\n {2}createdAt: '2026-11-18T11:06:40Z'\n/,
    );
    assert.match(text, / {4}certificate: \|\n {6}-----BEGIN CERTIFICATE-----\n/);
    assert.doesNotMatch(text, /[{}[\]&*]/);
    assert.match(text, /\nrotation:\n {2}stage: none\n$/);
  });

  it('reads back as what was written, in the same bytes, whatever the order of the fields', () => {
    const read = parse(text, { mode: 0o100600 });
    assert.deepEqual(read, { secrets, problems: [] });
    const reversed = JSON.parse(JSON.stringify(secrets), (_key, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).reverse()) : value,
    ) as Secrets;
    assert.equal(serializeSecrets(reversed), text);
  });

  it('lists leaves by name', () => {
    const names = [...text.matchAll(/\n {4}name: (cp-\S+|operator\S+)/g)].map(([, name]) => name);
    assert.deepEqual(names, [...names].sort());
    assert.equal(names.length, 13);
  });

  it('is read in the same way by PyYAML', {
    skip: spawnSync('python3', ['-c', 'import yaml']).status === 0 || process.env.CI ? false : 'PyYAML is not installed',
  }, () => {
    const program = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)';
    assert.deepEqual(JSON.parse(spawnSync('python3', ['-c', program], { input: text, encoding: 'utf8' }).stdout), secrets);
  });

  it('is never taken for whole when it is cut off', () => {
    const whole = text.trimEnd().length;
    const cuts = new Set<number>();
    for (let cut = 0; cut < whole; cut += 397) cuts.add(cut);
    for (let cut = whole - 300; cut < whole; cut++) cuts.add(cut);
    // The dangerous places: at the end of a line, where YAML is well-formed.
    for (const { index } of text.matchAll(/\n(?! {4,})/g)) if (index < whole) cuts.add(index).add(index + 1);
    for (const cut of cuts) assert.equal(parse(text.slice(0, cut)).secrets, undefined, `cut at ${cut} of ${text.length}`);
    assert.ok(cuts.size > 400);
  });

  it('is refused when others may read it', () => {
    for (const mode of [0o644, 0o640, 0o604, 0o660, 0o100601]) {
      const { secrets: read, problems } = parse(text, { mode });
      assert.deepEqual([read, problems.map(problem => problem.code)], [undefined, ['secrets-mode']]);
      assert.equal(problems[0]?.hint, 'chmod 600 secrets.yaml');
    }
    for (const mode of [0o600, 0o400]) assert.deepEqual(codes(text, { mode }), []);
  });

  it('is refused when it belongs to another cluster, naming both', () => {
    const { problems } = parse(text, { clusterName: 'stage' });
    assert.deepEqual(
      problems.map(problem => problem.code),
      ['secrets-of-another-cluster'],
    );
    assert.match(problems[0]?.message ?? '', /"prod".*"stage"/);
  });

  it('is refused when it has a newer format', () => {
    assert.deepEqual(codes(text.replace('kubekiln/v1alpha1', 'kubekiln/v1beta1')), ['secrets-newer-format']);
    assert.deepEqual(codes(text.replace('kubekiln/v1alpha1', 'example.com/v1')), ['secrets-invalid']);
    assert.deepEqual(codes(text.replace('kind: Secrets', 'kind: Cluster')), ['secrets-invalid']);
  });

  it('is refused when it is no YAML, no mapping, or empty', () => {
    for (const broken of ['', '- a\n', 'text', `${text}\nrotation: {}\n`, '\t', text.replace('metadata:', 'metadata: {')])
      assert.deepEqual(codes(broken), ['secrets-unreadable']);
  });

  it('reports each wrong field with its path', () => {
    const broken = text
      .replace(/secret: .*/, 'secret: c2hvcnQ=')
      .replace('state: active', 'state: broken')
      .replace('generation: 1', 'generation: 0')
      .replace("createdAt: '2026-11-18T11:06:40Z'", "createdAt: '2026-13-18T11:06:40Z'")
      .replace('stage: none', 'stage: later');
    const { problems } = parse(broken);
    assert.deepEqual(problems.map(problem => problem.path.join('.')).sort(), [
      'certificateAuthorities.kubernetes.0.state',
      'encryptionKeys.0.secret',
      'metadata.createdAt',
      'nodes.cp-1.generation',
      'rotation.stage',
    ]);
    for (const problem of problems) assert.equal(problem.code, 'secrets-invalid');
    assert.ok(
      problems.some(problem => problem.message === 'encryptionKeys[0].secret must be 32 bytes in base64'),
      JSON.stringify(problems),
    );
    assert.ok(
      problems.some(problem => problem.message === 'certificateAuthorities.kubernetes[0].state must be active or trusted or retired'),
    );
  });

  it('reports keys that do not belong, PEM that does not parse, and lists without one active entry', async () => {
    const other = await createSecrets(CLUSTER, NOW);
    const altered = (change: (copy: Mutable<Secrets>) => void) => {
      const copy = structuredClone(secrets) as Mutable<Secrets>;
      change(copy);
      return parse(serializeSecrets(copy as Secrets)).problems.map(({ code, path }) => `${code} ${path.join('.')}`);
    };
    const [theirs] = other.certificateAuthorities.etcd;
    const [theirKey] = other.serviceAccountKeys;
    assert.ok(theirs?.key && theirKey?.key);
    const { key } = theirs;
    const signing = theirKey.key;
    assert.deepEqual(
      altered(copy => Object.assign(copy.certificateAuthorities.etcd[0] ?? {}, { key })),
      ['secrets-key-mismatch certificateAuthorities.etcd.0.key'],
    );
    assert.deepEqual(
      altered(copy => Object.assign(copy.serviceAccountKeys[0] ?? {}, { key: signing })),
      ['secrets-key-mismatch serviceAccountKeys.0.key'],
    );
    const [digest = ''] = Object.keys(secrets.leaves);
    assert.deepEqual(
      altered(copy => Object.assign(copy.leaves[digest] ?? {}, { key })),
      [`secrets-key-mismatch leaves.${digest}.key`],
    );
    assert.deepEqual(
      altered(copy => Object.assign(copy.certificateAuthorities.etcd[0] ?? {}, { certificate: 'x', key: 'y' })),
      ['secrets-bad-pem certificateAuthorities.etcd.0.certificate', 'secrets-bad-pem certificateAuthorities.etcd.0.key'],
    );
    assert.deepEqual(
      altered(copy => Object.assign(copy.serviceAccountKeys[0] ?? {}, { state: 'retired' })),
      ['secrets-active-count serviceAccountKeys'],
    );
    assert.deepEqual(
      altered(copy => copy.certificateAuthorities.etcd.push({ ...theirs, id: 'etcd-ca-2' })),
      ['secrets-active-count certificateAuthorities.etcd'],
    );
    assert.deepEqual(
      altered(copy => copy.certificateAuthorities.etcd.push({ ...theirs, state: 'trusted' })),
      ['secrets-invalid certificateAuthorities.etcd'],
    );
    assert.deepEqual(
      altered(copy => delete copy.certificateAuthorities.etcd[0]?.key),
      [],
    );
  });

  it('puts no key material into any message', () => {
    const canaries = [...text.matchAll(/^ +([A-Za-z0-9+/=]{20,})$/gm), ...text.matchAll(/secret: (\S+)/g)].map(([, line = '']) => line);
    assert.ok(canaries.length > 100);
    const lines = text.split('\n');
    // Each line in turn loses its end, its indentation, or becomes something else.
    for (let index = 0; index < lines.length; index += 7) {
      for (const edit of [
        (line: string) => line.slice(0, -3),
        (line: string) => line.trimStart(),
        (line: string) => `${line}: x`,
        (line: string) => `  ${line} *a "`,
      ]) {
        const broken = lines.map((line, at) => (at === index ? edit(line) : line)).join('\n');
        const messages = JSON.stringify(parse(broken).problems);
        for (const canary of canaries) assert.ok(!messages.includes(canary.slice(0, 16)), `line ${index}`);
      }
    }
  });

  it('parses as plain data, so that other tools can read it', () => {
    assert.deepEqual(parseYaml(text).value, secrets);
  });
});

type Mutable<T> = T extends string | number | boolean | undefined
  ? T
  : T extends readonly (infer E)[]
    ? Mutable<E>[]
    : { -readonly [K in keyof T]: Mutable<T[K]> };
