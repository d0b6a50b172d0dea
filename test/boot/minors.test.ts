// Every supported minor: the real binaries start inside the units that are emitted for them, become ready, and complain about no flag of ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

/** The patch release of each minor that can be built from source here; KUBEKILN_MINORS (`1.33,1.35`) chooses some. All other tests run the newest. */
const RELEASES = new Map([
  ['1.33', 'v1.33.13'],
  ['1.34', 'v1.34.4'],
  ['1.35', 'v1.35.4'],
  ['1.36', 'v1.36.3'],
  ['1.37', 'v1.37.1'],
]);
const UNITS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
/** Said of themselves by the releases, whatever flags they get; or on purpose (test/plan/flags.test.ts says why). */
const EXPECTED_DEPRECATIONS = [
  /--kubeconfig has been deprecated/,
  /--profiling has been deprecated/,
  /is deprecated in v1\.\d+\+, unavailable in/,
];

/** Without a choice: all of them in the full run, the oldest in the bounded one. */
const USUAL = process.env.KUBEKILN_BOOT_FULL === undefined ? '1.33' : [...RELEASES.keys()].join();

for (const minor of (process.env.KUBEKILN_MINORS ?? USUAL).split(',')) {
  const kubernetesVersion = RELEASES.get(minor);
  test(`Kubernetes ${minor}`, { timeout: 3_600_000 }, async t => {
    assert.ok(kubernetesVersion, `minors are ${[...RELEASES.keys()].join(', ')}`);
    const built = await buildCluster({ kubernetesVersion });
    await withControlPlane(
      `minor-${minor}`,
      () => createHosts(built, 'user-data'),
      async plane => {
        t.diagnostic(`${kubernetesVersion}: power-on to /readyz on all three: ${seconds(await untilReady(plane, await powerOn(plane)))}`);
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
      },
    );
  });
}
