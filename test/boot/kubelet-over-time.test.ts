// What happens on a node as time goes by: kubelet renews its certificate again and again, or ends with it when it is off for too long, and it removes
// images. The certificates live for seconds here, where the operator's settings and an old secrets.yaml allow that; all clocks are right.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { dumpYaml, parseYaml } from '../../src/formats/yaml.ts';
import { type BuiltCluster, buildCluster } from './built-cluster.ts';
import { describe, powerOn, untilReady } from './control-plane.ts';
import type { Host } from './host.ts';
import { importImages } from './images/import-images.ts';
import { busyboxImage, COREDNS_VERSION, corednsImage, pauseImage } from './images/test-images.ts';
import { installTarball } from './install-tarball.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { kubeletCertificate, kubeletRequests } from './node-certificates.ts';
import { untilReadyAgain } from './node-leases.ts';
import { eventually, seconds, sleep } from './patience.ts';
import { consoleMark, consoleSince } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

const DAY_SECONDS = 86_400;
/** For so many seconds after the build, the certificate in the worker's kubelet.conf is good. */
const EMBEDDED_SECONDS = 300;
const CLIENT = 'w-1/kubelet-client';
const SPEC = {
  dns: { imageTag: COREDNS_VERSION },
  controllerManager: { extraArgs: [{ name: 'cluster-signing-duration', value: '90s' }] },
  // This machine's disk is fuller than that: every unused image goes.
  kubeletConfiguration: { imageGCHighThresholdPercent: 2, imageGCLowThresholdPercent: 1, imageMinimumGCAge: '30s' },
};
/** kubelet looks when it starts, and every five minutes; what it finds at its start is old enough. */
const COLLECTION_PERIOD = 300_000;

/** Removes leaves from secrets.yaml, as an operator does who wants new ones, and builds. */
async function renewLeaves(built: BuiltCluster, which: (name: string) => boolean): Promise<void> {
  const file = join(built.directory, 'secrets.yaml');
  const secrets = parseYaml(await readFile(file, 'utf8')).value as { leaves: Record<string, { readonly name: string }> };
  const leaves = Object.fromEntries(Object.entries(secrets.leaves).filter(([, { name }]) => !which(name)));
  await writeFile(file, dumpYaml({ ...secrets, leaves }));
  await built.kubekiln('build');
}

const endOf = (pem: string) => Date.parse(new X509Certificate(pem).validTo);

test('certificates of kubelet that end, and images that nobody uses', { timeout: 900_000 }, async t => {
  const built = await buildCluster({ size: 1, workers: 1, daysAgo: 365 - EMBEDDED_SECONDS / DAY_SECONDS, spec: SPEC });
  await built.kubekiln('secrets', 'reopen-bootstrap');
  await renewLeaves(built, name => name !== CLIENT);
  const embeddedEnd = Date.now() + EMBEDDED_SECONDS * 1000;
  await withControlPlane(
    'kubelet-over-time',
    () => createHosts(built, 'user-data'),
    async plane => {
      const { operator } = plane;
      const [[controlPlane], [worker]] = [plane.members, plane.workers];
      assert.ok(controlPlane && worker);
      const { host } = worker;
      const since = await powerOn(plane, [{ index: 0, after: 0 }]);
      await host.start();
      const images = [await pauseImage(), await corednsImage(), await busyboxImage()];
      await importImages(controlPlane, images);
      await untilReady(plane, since);
      await operator.wait('nodes', 'condition=Ready', ['cp-1', 'w-1']);
      t.diagnostic(`power-on to Ready on both: ${seconds(performance.now() - since)}`);
      const kubeletStart = Date.now();
      await operator.kubectl(['scale', 'deployment', 'coredns', '--namespace=kube-system', '--replicas=0']);

      await t.test(
        'kubelet renews its certificate before it ends, and goes on with the new one when the old one has ended',
        async subtest => {
          const [first, second] = await eventually(
            'w-1 has had two new certificates',
            async () => {
              const issued = (await kubeletRequests(operator, 'w-1')).filter(request => request.certificate !== undefined);
              return issued.length >= 2 && issued;
            },
            { timeout: 180_000, every: 1000, explain: () => describe(plane) },
          );
          assert.deepEqual([first?.approved, second?.approved], ['AutoApproved', 'AutoApproved']);
          const [firstEnd, secondEnd] = [endOf(first?.certificate ?? ''), endOf(second?.certificate ?? '')];
          assert.ok(firstEnd - kubeletStart < 120_000, 'the operator asked for 90 seconds');
          assert.ok(Date.now() < firstEnd, 'renewed before the end');
          await sleep(firstEnd - Date.now());
          await untilReadyAgain(plane, ['w-1'], firstEnd);
          subtest.diagnostic(
            `two certificates of 90 s, the second ${seconds(secondEnd - firstEnd)} longer; w-1 renews its lease after the first ended`,
          );
        },
      );

      await t.test('off until all its certificates have ended: it says so, and an old tarball is refused', async () => {
        await host.sh('systemctl stop kubelet');
        const end = Math.max(embeddedEnd, endOf(await kubeletCertificate(host)));
        await sleep(end + 1000 - Date.now());
        const mark = await consoleMark(host);
        await host.sh('systemctl start kubelet');
        const says = async () => /kubelet: waiting: https:\/\/127\.0\.0\.1:8443: curl: .* 401/.test(await consoleSince(host, mark));
        await eventually('w-1 says that the API server refuses it', says, { explain: () => describe(plane) });
        await operator.wait('nodes', 'condition=Ready=Unknown', ['w-1']);
        const refused = await installTarball(host, built, '--apply', 'w-1');
        assert.equal(refused.code, 1);
        assert.match(refused.stdout, /STOPPED at clock: the clock says \S+, after the first certificate of this payload ended/);
      });

      await t.test('its tarball with a new certificate, applied: Ready', async subtest => {
        await renewLeaves(built, name => name === CLIENT);
        const [applied, mark] = [Date.now(), await consoleMark(host)];
        const { code, stdout } = await installTarball(host, built, '--apply', 'w-1');
        assert.equal(code, 0, stdout);
        assert.deepEqual(restarted(stdout), ['kubelet.service']);
        await untilReadyAgain(plane, ['w-1'], applied);
        subtest.diagnostic(`Ready ${seconds(Date.now() - applied)} after ./install --apply began`);
        await eventually('the console says so', async () => /kubelet: w-1 is Ready/.test(await consoleSince(host, mark)));
      });

      await t.test('images that nobody uses go, but not the pinned ones', async subtest => {
        const [pause, coredns, busybox] = images.map(({ reference }) => reference);
        const there = async () => names(await controlPlane.host.sh('ctr --namespace k8s.io images list --quiet'));
        const since = Date.now();
        await controlPlane.host.sh('systemctl restart kubelet');
        await eventually(`${busybox} is gone`, async () => !(await there()).includes(busybox ?? ''), {
          timeout: COLLECTION_PERIOD + 60_000,
          every: 1000,
          explain: () => controlPlane.host.journal('--unit=kubelet', '--grep=mage'),
        });
        assert.deepEqual(await there(), [coredns, pause]);
        assert.deepEqual(await running(controlPlane.host), [], 'pods of cp-1 would keep their images');
        subtest.diagnostic(`${busybox} went ${seconds(Date.now() - since)} after kubelet's start; ${coredns} and ${pause} stay`);
      });
    },
  );
});

function restarted(stdout: string): readonly string[] {
  return [...stdout.matchAll(/restart: (\S+)/g)].map(match => match[1] ?? '');
}

/** References by tag, sorted. */
function names(list: string): readonly string[] {
  return list
    .trim()
    .split('\n')
    .filter(reference => !/^sha256:|@/.test(reference))
    .sort();
}

/** Containers that run on a host. */
async function running(host: Host): Promise<readonly string[]> {
  return (await host.sh('ctr --namespace k8s.io tasks list --quiet')).split('\n').filter(Boolean);
}
