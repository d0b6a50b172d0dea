// One directory per scenario in test/golden: cluster.yaml and, per node, everything that will stand on it. Scenarios differ in one thing each.
// Programs of ours are the same everywhere: their text stands in templates/, and only `minimal` shows that they are planned.
// To record after a wanted change: RECORD_GOLDEN=1 npm test (which fails, so that it cannot stay on), then read the diff like code.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';
import { listArtifacts } from '../../src/plan/list-artifacts.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { readFixture } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const GOLDEN = join(packageRoot(), 'test/golden');
const octal = (mode: number) => `0${mode.toString(8)}`;

function render(plan: NodePlan): string {
  const lines = [
    `node ${plan.node.name} of ${plan.clusterName}, generation ${plan.generation}, instance ${plan.instance}`,
    ...plan.users.map(user => `user ${user.name} ${user.uid}`),
    ...plan.directories.map(
      directory =>
        `directory ${directory.path} ${octal(directory.mode)} ${directory.owner}${directory.keepExisting ? ' (kept where it exists)' : ''}`,
    ),
    ...plan.binaries.map(binary => `needs ${binary.path}: ${binary.description}`),
    ...plan.modules.map(module => `module ${module}`),
    ...plan.units.map(unit => `unit ${unit.name} (${unit.startedBy})`),
  ];
  for (const file of plan.files) {
    const secret = file.secret ? ' secret' : '';
    const restarts = file.restarts.length > 0 ? ` restarts ${file.restarts.join(',')}` : '';
    lines.push('', `==> ${file.path} ${octal(file.mode)} ${file.owner} ${file.part}${secret}${restarts}`);
    lines.push(file.mode === 0o755 ? '(program)' : file.content.trimEnd());
  }
  return `${lines.join('\n')}\n`;
}

describe('golden trees', () => {
  for (const scenario of readdirSync(GOLDEN)) {
    it(scenario, () => {
      const cluster = readFixture(join(GOLDEN, scenario, 'cluster.yaml'));
      const credentials = requestCredentials(cluster, certificateRequests(cluster), {
        offlineSigner: scenario === 'offline-signer',
        ...(scenario.endsWith('mirror') && {
          downloads: [{ host: 'mirror.example.com', username: 'node', password: 'secret-of-the-mirror' }],
        }),
      });
      const { downloads, images } = listArtifacts(cluster);
      const named = [...downloads.map(({ source }) => source), ...images.map(({ image }) => image)];
      const digests = new Map(named.map(name => [name, `(digest of ${name.slice(name.lastIndexOf('/') + 1)})`]));
      for (const plan of planCluster(cluster, credentials, digests)) {
        const file = join(GOLDEN, scenario, `${plan.node.name}.txt`);
        if (process.env.RECORD_GOLDEN !== undefined) writeFileSync(file, render(plan));
        assert.equal(render(plan), existsSync(file) ? readFileSync(file, 'utf8') : `${file} is missing`);
      }
      assert.equal(process.env.RECORD_GOLDEN, undefined, 'recorded: run again without RECORD_GOLDEN');
    });
  }
});
