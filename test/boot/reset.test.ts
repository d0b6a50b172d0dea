// ./reset: a machine with pods is as it was before kubekiln, a power cut on the way changes nothing about that, and it can be installed again.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type BuiltCluster, buildCluster } from './built-cluster.ts';
import { run } from './command.ts';
import { type ControlPlane, describe, everyHost, type Member, member, untilReady } from './control-plane.ts';
import { etcdOnly } from './daemons.ts';
import { untilInstalled } from './guarded-host.ts';
import { differences, type HostState, hostState } from './host-state.ts';
import { importImages } from './images/import-images.ts';
import { agnhostImage, testImages } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, seconds, sleep } from './patience.ts';
import { runDirectory } from './run-directory.ts';
import { untilWebPods, webObjects } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

/** What a system does by itself meanwhile. */
const BY_ITSELF =
  /^processes: [+-] (systemd|\(|kworker|cat$|sh$|sleep|agetty|login|cron|journal|dbus|chrony)|^failed units: |^routes: \+ local fe80:/;
const ORIGINAL = 'version = 2\n# of the image\n';

/** A tree whose host keeps what nobody typed (./install comes when the test says so), and has a file where kubekiln lays its own. */
async function untypedTree(): Promise<string> {
  await mkdir(runDirectory(), { recursive: true });
  const tree = await mkdtemp(join(runDirectory(), 'untyped-'));
  for (const [path, content] of [
    ['root/typed', ''],
    ['etc/containerd/config.toml', ORIGINAL],
  ] as const) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content);
  }
  return tree;
}

/** A tree with node.tar.gz unpacked, for a host that was seeded by other means. */
async function unpackedTree({ out }: BuiltCluster): Promise<string> {
  await mkdir(runDirectory(), { recursive: true });
  const tree = await mkdtemp(join(runDirectory(), 'unpacked-'));
  const unpacked = join(tree, 'root/node');
  await mkdir(unpacked, { recursive: true });
  await run('tar', ['--extract', '--gzip', '--file', join(out, 'nodes/cp-1/node.tar.gz'), '--directory', unpacked]);
  return tree;
}

async function install({ host }: Member): Promise<void> {
  await host.sh('cd /root/node && ./install', { timeout: 120_000 });
}

function reset({ host }: Member, ...args: string[]) {
  return host.try(`/root/node/reset ${args.join(' ')}`, { timeout: 180_000 });
}

/** Nothing of kubekiln: what differs from the moment before it came. */
async function assertAsBefore({ host }: Member, before: HostState): Promise<void> {
  const differs = async () => differences(before, await hostState(host)).filter(line => !BY_ITSELF.test(line));
  await eventually('the machine is as it was', async () => (await differs()).length === 0, {
    timeout: 20_000,
    explain: async () => (await differs()).join('\n'),
  });
  assert.equal(await host.read('etc/containerd/config.toml'), ORIGINAL);
  for (const path of ['var/lib/kubekiln', 'var/lib/kubekiln.reset', 'var/log/pods', 'var/log/containers', 'var/log/kubernetes'])
    assert.equal(existsSync(join(host.root, path)), false, path);
}

test('a node with pods is reset, cut while it is reset, and installed again', { timeout: 900_000 }, async t => {
  const built = await buildCluster({ size: 1, workers: 1, spec: { dns: { disabled: true } } });
  const [images, agnhost] = [await testImages(), (await agnhostImage()).reference];
  await withControlPlane(
    'reset',
    async () => createHosts(built, 'tarball', { trees: [await untypedTree()] }),
    async plane => {
      const [controlPlane, worker] = [member(plane, 0), plane.workers[0]];
      assert.ok(worker);
      const { operator } = plane;
      for (const { host } of everyHost(plane)) await host.start();
      const before = new Map<Member, HostState>();
      for (const of of everyHost(plane)) {
        await of.host.sh(
          'cloud-init status --wait >/dev/null || :; until systemctl is-system-running | grep -Eq "running|degraded"; do sleep 0.2; done',
          {
            timeout: 120_000,
          },
        );
        before.set(of, await hostState(of.host));
      }
      const asBefore = (of: Member) => assertAsBefore(of, before.get(of) ?? new Map());

      const runPods = async () => {
        for (const of of everyHost(plane)) await install(of);
        await untilReady(plane, performance.now());
        await operator.wait('nodes', 'condition=Ready', ['cp-1', 'w-1']);
        await importImages(worker, images);
        await operator.apply(webObjects(['w-1'], agnhost));
        const web = await untilWebPods(operator, ['w-1']);
        await eventually('its Service answers', async () => (await web.ask('w-1', web.clusterIp)) === 'web-w-1', {
          explain: () => describe(plane),
        });
      };
      await t.test('first: it is a node that runs pods', async () => {
        await runPods();
        assert.ok(differences(before.get(worker) ?? new Map(), await hostState(worker.host)).some(line => /links: \+ +cni0/.test(line)));
      });
      await t.test('another name, or none, changes nothing', async () => {
        const installed = await hostState(worker.host);
        for (const words of ['prod', '</dev/null', '--force boot', 'boot prod']) {
          const { code, stderr } = await reset(worker, words);
          assert.notEqual(code, 0, words);
          assert.match(stderr, /this machine is w-1 of the cluster boot, not of "(prod|)"\n.*nothing was changed|usage: /, words);
        }
        assert.match((await reset(worker, '--help')).stdout, /^usage: \.\/reset .*\[CLUSTER\]$/m);
        assert.deepEqual(
          differences(installed, await hostState(worker.host)).filter(line => !BY_ITSELF.test(line)),
          [],
        );
      });
      await t.test('reset by the name that it asks for: as before kubekiln', async subtest => {
        const started = performance.now();
        const { code, stdout, stderr } = await worker.host.try('echo boot | /root/node/reset', { timeout: 180_000 });
        subtest.diagnostic(`\n${stdout}${stderr}took ${seconds(performance.now() - started)}`);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /This machine is w-1 of the cluster boot\./);
        assert.match(stdout, /kubectl delete node w-1/);
        await asBefore(worker);
      });
      await t.test('installed again, it is Ready and runs pods; cut while it is reset, it goes on', async subtest => {
        await operator.kubectl(['delete', 'node', 'w-1']);
        await operator.kubectl(['delete', 'pod', '--all', '--force', '--grace-period=0']);
        await runPods();
        const moment = Math.round(200 + Math.random() * 4000);
        const running = reset(worker, 'boot').catch(() => undefined);
        await sleep(moment);
        await worker.host.cut();
        await running;
        await worker.host.start();
        await worker.host.sh('until systemctl is-system-running | grep -Eq "running|degraded"; do sleep 0.2; done', { timeout: 120_000 });
        const target = (await worker.host.try('systemctl is-active kubekiln.target kubelet.service containerd.service')).stdout;
        subtest.diagnostic(`cut ${moment} ms after its beginning; then: ${target.trim().split('\n').join(', ')}`);
        if (existsSync(join(worker.host.root, 'var/lib/kubekiln/resetting'))) {
          assert.doesNotMatch(target, /^active$/m);
          assert.match(
            (await worker.host.try('cd /root/node && ./install')).stdout,
            /a reset of this machine was begun and is not finished/,
          );
        }
        const { code, stderr } = await reset(worker, 'boot');
        assert.equal(code, 0, stderr);
        await asBefore(worker);
      });
      await t.test('a member of a living etcd refuses, unless it is told so; then the cluster is founded anew', async subtest => {
        const refused = await reset(controlPlane, 'boot');
        assert.equal(refused.code, 1);
        assert.match(
          refused.stderr,
          /member of the living cluster boot.*\n.*remedy: .*etcdctl member remove [0-9a-f]+\. .*--even-if-member/,
        );
        assert.ok(await operator.ready(controlPlane.address));
        await controlPlane.host.sh('systemctl stop etcd.service');
        assert.match((await reset(controlPlane, 'boot')).stderr, /nobody can say whether a cluster counts on the etcd data here/);
        const { code, stdout, stderr } = await reset(controlPlane, '--even-if-member', 'boot');
        subtest.diagnostic(`\n${stdout}${stderr}`);
        assert.equal(code, 0, stderr);
        await asBefore(controlPlane);
        await runPods();
      });
    },
  );
});

test('the same seed installs a reset machine again, at its next boot', { timeout: 300_000 }, async () => {
  const built = await buildCluster({ size: 1 });
  await withControlPlane(
    'reset-seed',
    async () => createHosts(built, 'user-data', { programs: await etcdOnly(), trees: [await unpackedTree(built)] }),
    async (plane: ControlPlane) => {
      const first = member(plane, 0);
      const { host } = first;
      await host.start();
      await untilInstalled(plane, host);
      const { code, stdout, stderr } = await reset(first, '--even-if-member', 'boot');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /cloud-init's user-data, with keys of this node/);
      assert.equal(existsSync(join(host.root, 'etc/kubernetes')), false);
      await host.stop();
      await host.start();
      await eventually('etcd has data again', async () => existsSync(join(host.root, 'var/lib/etcd/member/wal')), {
        timeout: 90_000,
        explain: () => describe(plane),
      });
      await untilInstalled(plane, host);
    },
  );
});
