// The real kube-proxy reads every configuration that we plan, and refuses what our rules refuse. No host is booted.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { dumpYaml, parseYaml } from '../../src/formats/yaml.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { readFixture } from '../plan/read-fixture.ts';
import { requestCredentials } from '../plan/request-credentials.ts';
import { ensureKubernetesNode } from './node-programs.ts';

const GOLDEN = 'test/golden';
const VECTORS = 'test/vectors';

describe('kube-proxy', { timeout: 900_000 }, () => {
  let program = '';
  before(async () => {
    program = join(await ensureKubernetesNode(), 'kube-proxy');
  });

  /** Has it judge a configuration (--write-config-to reads, completes and validates one, and ends). */
  function judge(configuration: string): { readonly accepted: boolean; readonly words: string } {
    const directory = mkdtempSync(join(tmpdir(), 'kubekiln-kube-proxy-'));
    try {
      writeFileSync(join(directory, 'in.yaml'), configuration);
      const flags = [`--config=${join(directory, 'in.yaml')}`, `--write-config-to=${join(directory, 'out.yaml')}`];
      const { status, stderr } = spawnSync(program, flags, { encoding: 'utf8' });
      // A key that it does not know is only logged.
      return { accepted: status === 0 && !stderr.includes('lenient'), words: stderr };
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  for (const scenario of readdirSync(GOLDEN)) {
    it(`takes what ${scenario} plans`, () => {
      const cluster = readFixture(join(GOLDEN, scenario, 'cluster.yaml'));
      for (const plan of planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)))) {
        const file = plan.files.find(({ path }) => path.endsWith('/kube-proxy.yaml'));
        assert.equal(file === undefined, cluster.proxy.disabled);
        const { accepted, words } = judge(file?.content ?? '');
        assert.ok(accepted || file === undefined, words);
      }
    });
  }

  const refused = readdirSync(VECTORS).filter(file => file.startsWith('bad-proxy-configuration') && !file.endsWith('-release.yaml'));
  for (const vector of [
    ...refused,
    'unknown-configuration-key-proxy.yaml',
    'wrong-configuration-type-proxy.yaml',
    'unknown-proxy-mode.yaml',
  ]) {
    it(`refuses what our rules refuse: ${vector}`, () => {
      const { spec } = parseYaml(readFileSync(join(VECTORS, vector), 'utf8')).value as { spec: { kubeProxyConfiguration: object } };
      const head = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', mode: 'nftables' };
      assert.equal(judge(dumpYaml({ ...head, ...spec.kubeProxyConfiguration })).accepted, false);
    });
  }
});
