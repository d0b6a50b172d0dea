// Every supported minor: the real binaries start inside the units that are emitted for them, become ready, and complain about no flag of ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { everyHost, member, powerOn, untilReady } from './control-plane.ts';
import { COREDNS_VERSION } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { CONTAINERD_1_VERSION, CONTAINERD_VERSION } from './node-programs.ts';
import { seconds } from './patience.ts';
import { podsReachEachOther } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

/** The patch release of each minor that can be built from source here; KUBEKILN_MINORS (`1.33,1.35`) chooses some. All other tests run the newest. */
const RELEASES = new Map([
  ['1.33', 'v1.33.13'],
  ['1.34', 'v1.34.4'],
  ['1.35', 'v1.35.4'],
  ['1.36', 'v1.36.3'],
  ['1.37', 'v1.37.1'],
]);
/** The one that the test has; by default each release names the one of its day. */
const PAUSE = 'registry.k8s.io/pause:3.10.2';
const UNITS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'];
/** The last minor whose kubelet takes containerd 1.7: the tests run it there. */
const LAST_WITH_CONTAINERD_1 = 35;
/** Said of themselves by the releases, whatever flags they get; or on purpose (test/plan/flags.test.ts says why). */
const EXPECTED_DEPRECATIONS = [
  /--kubeconfig has been deprecated/,
  /--profiling has been deprecated/,
  /is deprecated in v1\.\d+\+, unavailable in/,
];

for (const minor of process.env.KUBEKILN_MINORS?.split(',') ?? RELEASES.keys()) {
  const kubernetesVersion = RELEASES.get(minor);
  test(`Kubernetes ${minor}`, { timeout: 3_600_000 }, async t => {
    assert.ok(kubernetesVersion, `minors are ${[...RELEASES.keys()].join(', ')}`);
    const old = Number(minor.slice(2)) <= LAST_WITH_CONTAINERD_1;
    const containerdVersion = old ? CONTAINERD_1_VERSION : CONTAINERD_VERSION;
    const built = await buildCluster({
      kubernetesVersion,
      workers: 2,
      spec: { dns: { imageTag: COREDNS_VERSION }, containerd: { sandboxImage: PAUSE } },
    });
    await withControlPlane(
      `minor-${minor}`,
      () => createHosts(built, 'user-data', { containerdVersion }),
      async plane => {
        const since = await powerOn(plane);
        for (const worker of plane.workers) await worker.host.start();
        t.diagnostic(`${kubernetesVersion}: power-on to /readyz on all three: ${seconds(await untilReady(plane, since))}`);
        const { host, address } = member(plane, 0);
        const version = JSON.parse(await plane.operator.kubectl(['get', '--raw', '/version'], address));
        assert.equal(version.gitVersion, kubernetesVersion);
        for (const unit of UNITS) {
          assert.equal((await host.sh(`systemctl is-active ${unit}`)).trim(), 'active', unit);
          const complaints = (await host.journal(`--unit=${unit}`, '--output=cat'))
            .split('\n')
            .filter(line => /deprecated|unknown flag/i.test(line));
          assert.deepEqual(
            complaints.filter(line => !EXPECTED_DEPRECATIONS.some(expected => expected.test(line))),
            [],
            unit,
          );
        }
        const nodes = everyHost(plane);
        await plane.operator.wait(
          'nodes',
          'condition=Ready',
          nodes.map(({ name }) => name),
        );
        const runtimes = await plane.operator.kubectl([
          'get',
          'nodes',
          '--output=jsonpath={.items[*].status.nodeInfo.containerRuntimeVersion}',
        ]);
        assert.equal(runtimes, nodes.map(() => `containerd://${containerdVersion.slice(1)}`).join(' '));
        t.diagnostic(`power-on to Ready on all five: ${seconds(performance.now() - since)}`);
        await podsReachEachOther(plane);
      },
    );
  });
}
