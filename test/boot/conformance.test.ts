// Upstream's own conformance specs against a cluster that booted from user-data.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/conformance-tests.md
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { runningSpecs, specsLeftOut, upstreamSpecs } from './conformance/lists.ts';
import { everyHost, untilReady } from './control-plane.ts';
import { runSpecs } from './e2e.ts';
import { conformanceImages, kittenImage } from './images/conformance-images.ts';
import { importImages } from './images/import-images.ts';
import { agnhostImage, COREDNS_VERSION } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { seconds } from './patience.ts';
import { randomFrom } from './random-moments.ts';
import { createRegistry } from './registry.ts';
import { withControlPlane } from './with-control-plane.ts';

/** What the issue of this test asks for; the list holds many more. */
const LEAST = 100;
/** milliseconds: eight at once, then the serial ones */
const RUN = 80 * 60_000;

test('each conformance spec of the release runs here or stands below the reason why not', async () => {
  const listed = [...runningSpecs(), ...specsLeftOut().flatMap(({ specs }) => specs)];
  assert.deepEqual(listed.toSorted(), (await upstreamSpecs()).toSorted());
  assert.ok(runningSpecs().length >= LEAST, `only ${runningSpecs().length} specs run`);
  for (const { reason, specs } of specsLeftOut()) assert.notEqual(specs.length, 0, `nothing is left out because of: ${reason}`);
});

test('every conformance spec that can run here passes on a control plane and two workers', { timeout: 2 * RUN }, async t => {
  // Two specs want their image pulled anew each time; all others find theirs on the node.
  const registry = await createRegistry([await agnhostImage(), await kittenImage()], { open: true });
  const built = await buildCluster({
    size: 1,
    workers: 2,
    spec: { dns: { imageTag: COREDNS_VERSION }, registries: registry.registries },
    files: registry.files,
  });
  const images = await conformanceImages();
  await withControlPlane(
    'conformance',
    () => createHosts(built, 'user-data'),
    async plane => {
      await registry.start(plane.network);
      const since = performance.now();
      for (const { host } of everyHost(plane)) await host.start();
      await untilReady(plane, since);
      await Promise.all(everyHost(plane).map(node => importImages(node, images)));
      await plane.operator.wait(
        'nodes',
        'condition=Ready',
        everyHost(plane).map(({ name }) => name),
      );
      await plane.operator.wait('pods', 'condition=Ready', [], '--namespace=kube-system', '--selector=k8s-app=kube-dns');
      t.diagnostic(`power-on to names: ${seconds(performance.now() - since)}`);

      const names = chosen(runningSpecs());
      assert.notEqual(names.length, 0, 'KUBEKILN_SPECS chooses no spec');
      const results = await runSpecs(plane, { names, timeout: RUN });
      t.diagnostic(`${results.length} specs: ${seconds(performance.now() - since)} after power-on`);
      assert.deepEqual(results.map(({ name }) => name).toSorted(), names.toSorted(), 'these ran');
      const failed = results.filter(({ state }) => state !== 'passed');
      if (failed.length === 0) return;
      // Upstream's time limits are for machines that do nothing else: what failed beside others is asked once more, alone.
      for (const { name, failure } of failed) t.diagnostic(`asked twice: ${name}\n${failure}`);
      const again = await runSpecs(plane, { names: failed.map(({ name }) => name), processes: 1 });
      assert.equal(again.length, failed.length);
      assert.deepEqual(
        again.filter(({ state }) => state !== 'passed'),
        [],
      );
    },
  );
});

/** All; or as many as KUBEKILN_SPECS says, drawn by KUBEKILN_SEED; or those that it matches (`\[Serial\]`). All of them take 40 minutes. */
function chosen(names: readonly string[]): readonly string[] {
  const asked = process.env.KUBEKILN_SPECS ?? '';
  if (!/^\d+$/.test(asked)) return names.filter(name => new RegExp(asked).test(name));
  const seed = Number(process.env.KUBEKILN_SEED ?? Date.now() % 1_000_000);
  console.error(`${asked} of ${names.length} specs: KUBEKILN_SEED=${seed}`);
  const random = randomFrom(seed);
  return names
    .map(name => ({ name, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .slice(0, Number(asked))
    .map(({ name }) => name);
}
