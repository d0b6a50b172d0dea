// Workers that have to wait: one boots before any control-plane node, one has a wrong clock. Between them and the API servers is the operator's own load
// balancer, and the operator is at a laptop that reaches nothing else. All certificates are near their end, so each kubelet asks for a new one.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { ensureKubernetes } from './cache.ts';
import { describe, everyHost, powerOn, untilReady } from './control-plane.ts';
import { assertNotInstalled } from './guarded-host.ts';
import type { Host } from './host.ts';
import { importImages } from './images/import-images.ts';
import { busyboxImage, pauseImage } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { createLaptop } from './laptop.ts';
import { LOAD_BALANCER, startLoadBalancer } from './load-balancer.ts';
import { kubeletCertificate, kubeletRequests } from './node-certificates.ts';
import { operatorWith } from './operator.ts';
import { eventually, seconds } from './patience.ts';
import { consoleSince, untilVerdict } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

const HOUR = 3_600_000;
const PATIENCE = 120_000;
/** On a host with this file, `date` says a day of last year. */
const CLOCK_BEHIND = 'etc/clock-behind';
/** A kubelet asks for a new certificate when 70 to 90 % of its own one are over, of 365 days and the one before that it is backdated by. */
const AGE_DAYS = 340;
/** The new certificates are known from the old ones by how long they are good. */
const SPEC = {
  controlPlaneEndpoint: LOAD_BALANCER,
  loadBalancer: { type: 'external' },
  dns: { disabled: true },
  controllerManager: { extraArgs: [{ name: 'cluster-signing-duration', value: '9h' }] },
};

/** No host may set a clock of its own: this one's `date` is wrong, which is what the installer asks, for as long as the file is there. */
async function setClockBehind(host: Host): Promise<void> {
  const program = join(host.root, 'usr/local/sbin/date');
  const wrong = '$(($(/usr/bin/date +%s) - 400 * 86400))';
  await mkdir(join(host.root, 'usr/local/sbin'), { recursive: true });
  await writeFile(program, `#!/bin/sh\n[ ! -e /${CLOCK_BEHIND} ] || set -- -d @${wrong} "$@"\nexec /usr/bin/date "$@"\n`);
  await chmod(program, 0o755);
  await writeFile(join(host.root, CLOCK_BEHIND), '');
}

test('workers that wait, an external load balancer, and kubelets that rotate their certificates', { timeout: 600_000 }, async t => {
  const built = await buildCluster({ size: 1, workers: 2, daysAgo: AGE_DAYS, spec: SPEC });
  // The window in which such an old cluster could be founded is over.
  await built.kubekiln('secrets', 'reopen-bootstrap');
  await built.kubekiln('build');
  await withControlPlane(
    'late-workers',
    () => createHosts(built, 'user-data'),
    async plane => {
      const [early, wrong] = plane.workers;
      assert.ok(early && wrong);
      await startLoadBalancer(plane);
      await setClockBehind(wrong.host);
      const says = (host: Host, what: RegExp) =>
        eventually(`the console of ${host.name} says ${what}`, async () => what.test(await consoleSince(host, 0)), {
          timeout: PATIENCE,
          explain: () => describe(plane),
        });
      await early.host.start();
      await wrong.host.start();

      await t.test('before any control-plane node: installed, and it says whom it waits for', async () => {
        await untilVerdict(early.host, 0, { stage: 'start', result: 'done', reason: /^$/, console: /done: / }, PATIENCE);
        await says(early.host, /kubekiln: kubelet: waiting: https:\/\/10\.77\.0\.1:6443: curl: \((7|28|35|52|56)\) /);
        await says(early.host, / login: /);
      });

      await t.test('the clock is behind: it says so, and installs nothing', async () => {
        const reason = /the clock says 20\S+, before this payload was made$/;
        await untilVerdict(
          wrong.host,
          0,
          { stage: 'clock', result: 'waiting', reason, console: /clock: waiting: the clock says/ },
          PATIENCE,
        );
        assertNotInstalled(wrong.host);
      });

      const since = await powerOn(plane, [{ index: 0, after: 0 }]);
      const ready = await untilReady(plane, since);
      const laptop = await createLaptop(plane.network);
      const operator = await operatorWith(
        plane.operator.kubeconfig,
        join(await ensureKubernetes(built.kubernetesVersion), 'kubectl'),
        laptop,
      );

      await t.test('with a control-plane node, the early one joins by itself', async subtest => {
        await says(early.host, /kubekiln: kubelet: w-1 is Ready/);
        await operator.wait('nodes', 'condition=Ready', ['cp-1', 'w-1']);
        subtest.diagnostic(`/readyz ${seconds(ready)} after power-on of cp-1, w-1 Ready after ${seconds(performance.now() - since)}`);
      });

      await t.test('with the right time, the other one joins by itself', async subtest => {
        const corrected = performance.now();
        await rm(join(wrong.host.root, CLOCK_BEHIND));
        await says(wrong.host, /kubekiln: kubelet: w-2 is Ready/);
        await operator.wait('nodes', 'condition=Ready', ['w-2']);
        subtest.diagnostic(`Ready ${seconds(performance.now() - corrected)} after the clock was right`);
      });

      await t.test('workers dial the load balancer, and nothing else', async () => {
        for (const { name, host } of plane.workers) {
          const peers = (await host.sh("ss --no-header --tcp --numeric state established 'dport = :6443'")).trim().split('\n');
          assert.ok(
            peers.every(peer => peer.includes(LOAD_BALANCER)),
            `${name}: ${peers.join('\n')}`,
          );
          assert.equal((await host.try('systemctl cat local-proxy')).code, 1, `${name} has a proxy of its own`);
        }
      });

      await t.test('admin.conf works from a laptop that reaches the load balancer only: get, exec, logs, port-forward', async () => {
        assert.equal((await laptop.capture('curl', ['--insecure', '--max-time', '2', 'https://10.77.0.11:6443/readyz'])).code, 7);
        assert.equal(
          await operator.kubectl(['config', 'view', '--output=jsonpath={.clusters[*].cluster.server}']),
          `https://${LOAD_BALANCER}`,
        );
        const [pause, busybox] = [await pauseImage(), await busyboxImage()];
        await importImages(early, [pause, busybox]);
        const command = ['sh', '-c', 'mkdir /www; echo from w-1 >/www/index.html; echo serving; exec httpd -f -p 8080 -h /www'];
        const containers = [{ name: 'web', image: busybox.reference, command }];
        const spec = { nodeName: 'w-1', containers, terminationGracePeriodSeconds: 0 };
        await operator.apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec }]);
        await operator.wait('pods', 'condition=Ready', ['web']);
        assert.equal(await operator.kubectl(['logs', 'web']), 'serving\n');
        assert.equal(await operator.kubectl(['exec', 'web', '--', 'cat', '/www/index.html']), 'from w-1\n');
        const answer = await operator.forwarded('web', 8080, url => laptop.run('curl', ['--silent', '--fail', '--max-time', '5', url]));
        assert.equal(answer, 'from w-1\n');
      });

      await t.test('each kubelet asked for a new certificate, which was approved, and is the one that it uses', async subtest => {
        for (const { name, host } of everyHost(plane)) {
          const request = await eventually(
            `${name} has a new certificate`,
            async () => (await kubeletRequests(operator, name)).filter(one => one.certificate).at(-1),
            {
              explain: () => operator.kubectl(['get', 'csr', '--output=wide']),
            },
          );
          assert.equal(request.approved, 'AutoApproved', name);
          const issued = new X509Certificate(request.certificate ?? '');
          const lifetime = Date.parse(issued.validTo) - Date.parse(issued.validFrom);
          assert.ok(Math.abs(lifetime - 9 * HOUR) < HOUR / 4, `${name}: ${issued.validFrom} to ${issued.validTo}`);
          await eventually(
            `${name} stores it`,
            async () => new X509Certificate(await kubeletCertificate(host)).fingerprint256 === issued.fingerprint256,
          );
          const metrics = await operator.kubectl(['get', '--raw', `/api/v1/nodes/${name}/proxy/metrics`]);
          const left = Number(/^kubelet_certificate_manager_client_ttl_seconds (\S+)$/m.exec(metrics)?.[1]);
          assert.ok(left > 0 && left * 1000 <= lifetime, `${name}: ${left} s`);
          subtest.diagnostic(`${name}: ${request.name}, good for ${Math.round(left / 60)} more minutes`);
        }
      });
    },
  );
});
