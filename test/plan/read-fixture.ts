import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cluster } from '../../src/spec/cluster.ts';
import { readCluster } from '../../src/spec/read-cluster.ts';

/** The cluster of a cluster.yaml that must be valid. */
export function readFixture(file: string): Cluster {
  return parseFixture(readFileSync(file), path => {
    const sibling = join(dirname(file), path);
    return existsSync(sibling) ? readFileSync(sibling) : undefined;
  });
}

export function parseFixture(text: string | Uint8Array, readSibling: (path: string) => Uint8Array | undefined = () => undefined): Cluster {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const { cluster, problems } = readCluster({ fileName: 'cluster.yaml', bytes, readSibling });
  assert.ok(cluster, JSON.stringify(problems, null, 2));
  return cluster;
}

/** The smallest file, with a version and further lines below `spec:`. */
export function smallCluster(version = 'v1.37.1', spec = ''): Cluster {
  return parseFixture(`apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: dev}
spec:
  kubernetesVersion: ${version}
  nodes:
  - {name: cp-1, role: control-plane, address: 192.168.10.11}
${spec}`);
}
