// What user-data.gz of an all-default cluster of five nodes may weigh: with everything inline, and with the runtime part elsewhere.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { build } from '../../src/build.ts';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { serializeSecrets } from '../../src/pki/secrets-file.ts';
import { parseFixture } from '../plan/read-fixture.ts';

const NOW = 1_800_000_000;
/** As `kubekiln init five` writes it, but for the platform, and where the runtime part comes from. */
const FIVE = `apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata:
  name: five
spec:
  kubernetesVersion: v1.37.1
  networking:
    serviceSubnet: 10.96.0.0/16
    podSubnet: 10.244.0.0/16
    dnsDomain: cluster.local
  nodes:
  - {name: cp-1, role: control-plane, address: 10.0.1.11}
  - {name: cp-2, role: control-plane, address: 10.0.1.12}
  - {name: cp-3, role: control-plane, address: 10.0.1.13}
  - {name: w-1, role: worker, address: 10.0.1.21}
  - {name: w-2, role: worker, address: 10.0.1.22}
`;

const CASES = [
  { name: 'everything inline', settings: '  platform: azure\n', controlPlane: 22_000, worker: 12_000 },
  { name: 'the runtime part elsewhere', settings: '  platform: aws\n  runtime: {source: image}\n', controlPlane: 14_500, worker: 6_000 },
] as const;

describe('user-data.gz of an all-default cluster of five nodes', () => {
  for (const { name, settings, controlPlane, worker } of CASES) {
    it(`${name}: at most ${controlPlane} bytes on a control-plane node, ${worker} on a worker`, async t => {
      const { output, problems } = await build({
        clusterFile: { name: 'cluster.yaml', bytes: Buffer.from(FIVE + settings) },
        readSibling: () => undefined,
        secretsFile: { name: 'secrets.yaml', text: serializeSecrets(await createSecrets(parseFixture(FIVE + settings), NOW)) },
        now: NOW,
        locked: false,
        version: '0.0.0-test',
      });
      assert.ok(output, JSON.stringify(problems));
      assert.equal(output.sizes.rows.length, 5);
      for (const { node, use, bytes } of output.sizes.rows) {
        t.diagnostic(`${node}: ${bytes}`);
        assert.equal(use, 'user-data.gz');
        assert.ok(bytes <= (node.startsWith('cp-') ? controlPlane : worker), `${node}: ${bytes}`);
      }
    });
  }
});
