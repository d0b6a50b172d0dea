// The largest user-data.gz of an all-default five-node file stays inside its aims; keys, which differ in each run, take some ten bytes more or less.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { starterClusterYaml } from '../../src/spec/starter.ts';
import { builtCluster } from '../inspect/built-cluster.ts';

const AIMS = [
  // Azure takes all of it inline; on AWS the starter leaves the runtime part to the machine image.
  { platform: 'azure', runtime: 'inline', bytes: { 'control-plane': 22_000, worker: 12_000 } },
  { platform: 'aws', runtime: 'image', bytes: { 'control-plane': 14_500, worker: 6_000 } },
] as const;

describe('user-data.gz of an all-default file of five nodes', () => {
  for (const { platform, runtime, bytes } of AIMS)
    it(`with its runtime part from ${runtime}`, async () => {
      const controlPlane = ['10.0.1.11', '10.0.1.12', '10.0.1.13'];
      const { cluster, artifacts } = await builtCluster(
        starterClusterYaml({ name: 'five', controlPlane, workers: ['10.0.1.21', '10.0.1.22'], platform }),
      );
      assert.equal(cluster.runtime.source, runtime);
      for (const role of ['control-plane', 'worker'] as const) {
        const names = cluster.nodes.filter(node => node.role === role).map(node => `nodes/${node.name}/user-data.gz`);
        const sizes = names.map(name => artifacts.find(({ path }) => path === name)?.content.length ?? Number.POSITIVE_INFINITY);
        assert.ok(Math.max(...sizes) <= bytes[role], `${role}: ${sizes}`);
      }
    });
});
