// How much kubekiln's checks and hardening cost: power-on to ready against the shortest hand-made units, by turns on the same machine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { type ControlPlane, powerOn, untilReady } from './control-plane.ts';
import { createFloor, layOutFloor } from './floor.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

const ROUNDS = 5;
const LARGEST_RATIO = 1.3;

test('a self-booting control plane is ready nearly as fast as a hand-made one', { timeout: 1_800_000 }, async t => {
  const built = await buildCluster();
  const floor = await layOutFloor();
  const timed = (label: string, create: () => Promise<ControlPlane>) =>
    withControlPlane(label, create, async plane => untilReady(plane, await powerOn(plane)));
  const [byHand, byKubekiln]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    byHand.push(await timed('ratio-floor', () => createFloor(floor)));
    byKubekiln.push(await timed('ratio-kubekiln', () => createHosts(built, 'user-data')));
  }
  const ratio = median(byKubekiln) / median(byHand);
  for (const [name, times] of Object.entries({ 'hand-made': byHand, kubekiln: byKubekiln })) {
    t.diagnostic(`${name}: median ${seconds(median(times))} of ${times.map(seconds).join(', ')}`);
  }
  t.diagnostic(`ratio ${ratio.toFixed(2)}`);
  assert.ok(ratio <= LARGEST_RATIO, `ratio ${ratio.toFixed(2)}`);
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
