// What a new node changes on the others: nothing for a worker; for a control-plane node a list that stands here, and no other byte.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type BuildOutput, build } from '../../src/build.ts';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { serializeSecrets } from '../../src/pki/secrets-file.ts';
import { parseFixture } from '../plan/read-fixture.ts';
import { readUserData } from './read-user-data.ts';

const NOW = 1_800_000_000;
const HEAD = `apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: prod}
spec:
  kubernetesVersion: v1.37.1
  platform: aws
  runtime: {source: image}
  nodes:
  - {name: cp-1, role: control-plane, address: 10.0.1.11}
  - {name: cp-2, role: control-plane, address: 10.0.1.12}
  - {name: cp-3, role: control-plane, address: 10.0.1.13}
`;
const WORKER = '  - {name: w-1, role: worker, address: 10.0.2.21}\n';
const CONTROL_PLANE = '  - {name: cp-4, role: control-plane, address: 10.0.1.14}\n';

async function built(clusterYaml: string, secretsText: string): Promise<BuildOutput & { readonly secrets: string }> {
  const { output, problems } = await build({
    clusterFile: { name: 'cluster.yaml', bytes: Buffer.from(clusterYaml) },
    readSibling: () => undefined,
    secretsFile: { name: 'secrets.yaml', text: secretsText },
    now: NOW,
    locked: false,
    version: '0.0.0-test',
  });
  assert.ok(output, JSON.stringify(problems));
  return { ...output, secrets: output.secretsText ?? secretsText };
}

/** Payload files of a node, by path below the payload directory. */
function payloadOf(output: BuildOutput, node: string): ReadonlyMap<string, string> {
  const artifact = output.artifacts.find(({ path }) => path === `nodes/${node}/user-data`);
  assert.ok(artifact);
  return readUserData(artifact.content);
}

function changedFiles(one: BuildOutput, other: BuildOutput, node: string): readonly string[] {
  const [before, after] = [payloadOf(one, node), payloadOf(other, node)];
  return [...new Set([...before.keys(), ...after.keys()])].filter(path => before.get(path) !== after.get(path)).sort();
}

describe('a cluster that grows', () => {
  let three: BuildOutput & { readonly secrets: string };
  before(async () => {
    const secrets = await createSecrets(parseFixture(HEAD), NOW);
    three = await built(HEAD, serializeSecrets(secrets));
  });

  it('by a worker changes no byte of any other node, nor of admin.conf', async () => {
    const grown = await built(HEAD + WORKER, three.secrets);
    const before = new Map(three.artifacts.map(({ path, content }) => [path, Buffer.from(content)]));
    const changed = grown.artifacts
      .filter(({ path, content }) => before.has(path) && !before.get(path)?.equals(content))
      .map(({ path }) => path);
    assert.deepEqual(changed, ['manifest.json']);
    // its own: kubelet's client and server, clients of kube-proxy, flannel and the local proxy's health check
    assert.equal(grown.issued, 5);
    assert.equal(grown.reused, three.issued + three.reused);
  });

  it('by a control-plane node changes on the others what names the founding members, and nothing else', async () => {
    const grown = await built(HEAD + CONTROL_PLANE, three.secrets);
    assert.equal(grown.issued, 15);
    for (const node of ['cp-1', 'cp-2', 'cp-3']) {
      assert.deepEqual(changedFiles(three, grown, node), [
        // the payload's own digest
        '.complete',
        // the clocks that it asks, beside its own
        'files/etc/chrony/conf.d/kubekiln.conf',
        // the peers that the etcd guard asks
        'files/etc/kubekiln/node.env',
        // --initial-cluster
        'files/etc/systemd/system/etcd.service',
      ]);
    }
  });
});
