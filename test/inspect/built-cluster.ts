// A real cluster out of the pipeline, written to a directory: what `verify` and `inspect` are tried on.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildOutput, build } from '../../src/build.ts';
import type { Artifact } from '../../src/emit/artifact.ts';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { serializeSecrets } from '../../src/pki/secrets-file.ts';
import { readCluster } from '../../src/spec/read-cluster.ts';

export const NOW = 1_795_000_000; // 2026-11-18
export const DAY = 86_400;

const CLUSTER_YAML = `apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: prod}
spec:
  kubernetesVersion: v1.37.1
  nodes:
  - {name: cp-1, role: control-plane, address: 10.0.1.11}
  - {name: cp-2, role: control-plane, address: 10.0.1.12}
  - {name: cp-3, role: control-plane, address: 10.0.1.13}
  - {name: w-1, role: worker, address: 10.0.2.21}
`;

/**
 * Builds the same cluster with new keys each time.
 * @param files that it names, by path
 */
export async function builtCluster(clusterYaml = CLUSTER_YAML, files: Readonly<Record<string, string>> = {}): Promise<BuildOutput> {
  const readSibling = (path: string) => (files[path] === undefined ? undefined : Buffer.from(files[path]));
  const clusterFile = { name: 'cluster.yaml', bytes: Buffer.from(clusterYaml) };
  const { cluster, problems } = readCluster({ fileName: clusterFile.name, bytes: clusterFile.bytes, readSibling });
  assert.ok(cluster, JSON.stringify(problems));
  const secretsFile = { name: 'secrets.yaml', text: serializeSecrets(await createSecrets(cluster, NOW)) };
  const input = { clusterFile, readSibling, secretsFile, now: NOW, locked: false, version: '0.0.0-test' };
  const { output, problems: found } = await build(input);
  assert.ok(output, JSON.stringify(found));
  return output;
}

/** Writes artifacts into a new directory, as a build does. @returns the directory, and how to remove it */
export function writeArtifacts(artifacts: readonly Artifact[]): { readonly directory: string; readonly remove: () => void } {
  const parent = mkdtempSync(join(tmpdir(), 'kubekiln-verify-'));
  const directory = join(parent, 'prod');
  for (const { path, content, mode } of artifacts) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, content);
    chmodSync(file, mode);
  }
  return { directory, remove: () => rmSync(parent, { recursive: true, force: true }) };
}
