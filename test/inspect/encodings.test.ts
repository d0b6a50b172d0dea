// verify and inspect on a tree in which every platform's encoding stands, with parts of the operator.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { BuildOutput } from '../../src/build.ts';
import { readArtifact } from '../../src/inspect/read-artifact.ts';
import { renderInspection } from '../../src/inspect/render-inspection.ts';
import { verifyPaths } from '../../src/inspect/verify.ts';
import { builtCluster, NOW, writeArtifacts } from './built-cluster.ts';

/** By node: its platform, and the file that it takes. */
const NODES = {
  'cp-1': ['openstack', 'user-data.gz'],
  'w-1': ['hetzner', 'user-data.b64'],
  'w-2': ['digitalocean', 'user-data.packed'],
  'w-3': ['hetzner', 'user-data.b64'],
  'w-4': ['nocloud', 'seed.iso'],
} as const;
const FILES = {
  'motd.yaml': '#cloud-config\nwrite_files: [{path: /etc/motd, content: "théirs"}]\n',
  'hello.sh': '#!/bin/sh\necho hello\n',
};
const CLUSTER = `apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: prod}
spec:
  kubernetesVersion: v1.37.1
  node: {userDataParts: [{file: motd.yaml, type: cloud-config}, {file: hello.sh, type: x-shellscript}]}
  nodes:
${Object.entries(NODES)
  .map(([name, [platform]], index) => {
    const role = name === 'cp-1' ? 'control-plane' : 'worker';
    return `  - {name: ${name}, role: ${role}, address: 10.0.1.1${index}, platform: ${platform}}\n`;
  })
  .join('')}`;

let output: BuildOutput;
before(async () => {
  output = await builtCluster(CLUSTER, FILES);
});

/** Codes and messages of `verify` on a tree of its own, after `change`. */
function verified(change: (directory: string) => void): readonly string[] {
  const { directory, remove } = writeArtifacts(output.artifacts);
  try {
    change(directory);
    return verifyPaths([directory], { now: NOW }).problems.map(
      problem => `${problem.code} ${problem.message.replaceAll(directory, 'prod')}`,
    );
  } finally {
    remove();
  }
}

describe('an output with every encoding', () => {
  it('is what it should be, as a whole and file by file', () => {
    assert.deepEqual(
      verified(() => undefined),
      [],
    );
    const { directory, remove } = writeArtifacts(output.artifacts);
    for (const [name, [, file]] of Object.entries(NODES)) {
      const path = join(directory, 'nodes', name, file);
      const { problems, nodes } = verifyPaths([path], { now: NOW });
      assert.deepEqual([problems, nodes], [[], 1], path);
      const { artifact } = readArtifact(path);
      assert.ok(artifact, path);
      const text = renderInspection(artifact);
      assert.match(text, new RegExp(name), path);
      assert.match(text, /motd\.yaml/, path);
    }
    remove();
  });

  it('of another node, in either encoding, is found out though it is whole and recorded', () => {
    const taken = (from: string, to: string) =>
      verified(directory => {
        const bytes = readFileSync(join(directory, 'nodes', from));
        writeFileSync(join(directory, 'nodes', to), bytes);
        const path = join(directory, 'manifest.json');
        const manifest: { artifacts: { path: string }[] } = JSON.parse(readFileSync(path, 'utf8'));
        const recorded = { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
        const artifacts = manifest.artifacts.map(one => (one.path === `nodes/${to}` ? { ...one, ...recorded } : one));
        writeFileSync(path, JSON.stringify({ ...manifest, artifacts }));
      });
    for (const found of [taken('w-3/user-data.b64', 'w-1/user-data.b64'), taken('w-1/user-data', 'w-2/user-data.packed')])
      assert.match(found.join('\n'), /^carriers-differ /m);
  });

  it('is not whole without the file that a platform takes', () => {
    for (const file of ['w-1/user-data.b64', 'w-2/user-data.packed'])
      assert.match(verified(directory => rmSync(join(directory, 'nodes', file)))[0] ?? '', /^artifact-missing /, file);
  });

  it('is damaged where base64, its gzip or the archive in it was cut', () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    for (const [file, change] of [
      ['w-1/user-data.b64', (text: string) => text.slice(0, text.length / 2)],
      ['w-1/user-data.b64', (text: string) => text.replace(/.$/s, '!')],
      ['w-2/user-data.packed', (text: string) => text.replace(/^( {2}content: \S{400})\S*/m, '$1')],
      ['w-2/user-data.packed', (text: string) => text.slice(0, -40)],
    ] as const) {
      const path = join(directory, 'nodes', file);
      const whole = readFileSync(path, 'latin1');
      writeFileSync(path, change(whole), 'latin1');
      const codes = verifyPaths([path], { now: NOW }).problems.map(({ code }) => code);
      writeFileSync(path, whole, 'latin1');
      assert.deepEqual(codes, ['artifact-damaged'], file);
    }
    remove();
  });
});
