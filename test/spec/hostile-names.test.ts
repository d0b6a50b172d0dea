// Whatever stands in a text field: it is refused, or it comes out of the spec stage as the same data. Nothing in between.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dumpYaml } from '../../src/formats/yaml.ts';
import { readCluster } from '../../src/spec/read-cluster.ts';

const hostile = fc.constantFrom(
  ',',
  '=',
  '\n',
  '\r',
  '"',
  "'",
  '`',
  '{{',
  '}}',
  '${',
  '$(',
  '%',
  ';',
  '\\',
  '|',
  '&',
  '<',
  '>',
  '#',
  ' ',
  '\t',
  '\0',
  '\u202e',
  '\u200b',
  'а',
  'ｅ',
  '/',
  '..',
  ':',
  '@',
  '*',
  '(',
  ')',
  '+',
  '\u001b[2J',
);
const withHostile = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'abcxyz019'), maxLength: 8 }),
    hostile,
    fc.string({ unit: fc.constantFrom(...'abcxyz019'), maxLength: 8 }),
  )
  .map(parts => parts.join(''));

function read(spec: object, name = 'prod', node: object = {}) {
  const text = dumpYaml({
    apiVersion: 'kubekiln/v1alpha1',
    kind: 'Cluster',
    metadata: { name },
    spec: { kubernetesVersion: 'v1.37.1', nodes: [{ name: 'cp-1', role: 'control-plane', address: '10.0.1.11', ...node }], ...spec },
  });
  return readCluster({ fileName: 'cluster.yaml', bytes: Buffer.from(text), readSibling: () => undefined });
}

describe('hostile texts', () => {
  it('never name a cluster or a node', () => {
    fc.assert(
      fc.property(withHostile, name => {
        assert.equal(read({}, name).cluster, undefined);
        assert.equal(read({}, 'prod', { name }).cluster, undefined);
      }),
      { numRuns: 300 },
    );
  });

  const refusing: Readonly<Record<string, (text: string) => object>> = {
    'a domain': text => ({ networking: { dnsDomain: text } }),
    'an environment variable': text => ({ apiServer: { extraEnvs: [{ name: text, value: 'x' }] } }),
    'a flag': text => ({ apiServer: { extraArgs: [{ name: text, value: 'x' }] } }),
    'a user': text => ({ users: { etcd: { name: text } } }),
    'a kernel module': text => ({ node: { modules: [text] } }),
    'an encryption key': text => ({
      encryptionConfiguration: { resources: [{ resources: ['secrets'], providers: [{ secretbox: { keys: [{ name: text }] } }] }] },
    }),
    'a port range': text => ({ networking: { nodePortRange: text } }),
    'a duration': text => ({ certificateValidityPeriod: text }),
    'a version': text => ({ kubernetesVersion: text }),
    'a subnet': text => ({ networking: { podSubnet: text } }),
  };
  for (const [what, spec] of Object.entries(refusing)) {
    it(`never make ${what}`, () =>
      fc.assert(
        fc.property(withHostile, text => assert.equal(read(spec(text)).cluster, undefined)),
        { numRuns: 100 },
      ));
  }

  it('never make a path with anything but plain characters', () => {
    fc.assert(
      fc.property(withHostile, text => {
        const { cluster } = read({ paths: { logs: `/var/log/${text}` } });
        if (cluster) assert.match(cluster.paths.logs, /^(\/[A-Za-z0-9._@-]+)+$/);
      }),
      { numRuns: 300 },
    );
  });

  it('never make a SAN, endpoint or time server that is not a DNS name or address', () => {
    fc.assert(
      fc.property(withHostile, text => {
        const { cluster } = read({
          apiServer: { certSANs: [text] },
          etcd: { local: { peerCertSANs: [text] } },
          node: { timeServers: [text] },
          controlPlaneEndpoint: `${text}:6443`,
        });
        assert.equal(cluster, undefined);
      }),
      { numRuns: 200 },
    );
  });

  it('come out of free text as the same data, or not at all', () => {
    fc.assert(
      fc.property(withHostile, text => {
        const { cluster } = read({
          subject: { O: text, OU: text },
          apiServer: { extraArgs: [{ name: 'oidc-username-prefix', value: text }], extraEnvs: [{ name: 'A', value: text }] },
        });
        const control = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/.test(text);
        assert.equal(cluster === undefined, control, JSON.stringify(text));
        if (!cluster) return;
        assert.deepEqual(cluster.subject, { O: text, OU: text });
        assert.deepEqual(cluster.apiServer.extraArgs, [{ name: 'oidc-username-prefix', value: text }]);
      }),
      { numRuns: 300 },
    );
  });
});
