// What the installer does to an operating system, on hosts that need it: one with ufw and chrony, one with firewalld, one in another time zone on which
// somebody holds a port. All of them become Ready, and pods reach each other through both firewalls.
import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { type ControlPlane, everyHost, type Member, powerOn, untilReady } from './control-plane.ts';
import type { Host } from './host.ts';
import { COREDNS_VERSION } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { machineSettings } from './machine-settings.ts';
import { eventually, seconds } from './patience.ts';
import { podsReachEachOther } from './web-pods.ts';
import { withControlPlane } from './with-control-plane.ts';

const PACKAGES = ['chrony', 'firewalld', 'tzdata', 'ufw'];
/** kube-proxy's metrics: whoever holds it keeps nothing from running. */
const HELD_PORT = 10249;
/** A port that nobody was told to open. */
const OTHER_PORT = 9999;

function hostsOf({ members, workers }: ControlPlane): readonly [Member, Member, Member] {
  const [first, second, third] = [...members, ...workers];
  assert.ok(first && second && third);
  return [first, second, third];
}

async function put({ root }: Host, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function enable({ root }: Host, unit: string, directory = '/usr/lib/systemd/system'): Promise<void> {
  await mkdir(join(root, 'etc/systemd/system/multi-user.target.wants'), { recursive: true });
  await symlink(`${directory}/${unit}`, join(root, 'etc/systemd/system/multi-user.target.wants', unit));
}

/** What an image may bring along. */
async function makeDifferent(plane: ControlPlane): Promise<void> {
  const [withUfw, withFirewalld, elsewhere] = hostsOf(plane).map(({ host }) => host);
  assert.ok(withUfw && withFirewalld && elsewhere);
  await put(withUfw, 'etc/ufw/ufw.conf', 'ENABLED=yes\nLOGLEVEL=off\n');
  await enable(withUfw, 'ufw.service');
  await enable(withUfw, 'chrony.service');
  await enable(withFirewalld, 'firewalld.service');
  await rm(join(elsewhere.root, 'etc/localtime'), { force: true });
  await symlink('/usr/share/zoneinfo/Europe/Berlin', join(elsewhere.root, 'etc/localtime'));
  const holder = `[Service]\nExecStart=/usr/bin/socat TCP-LISTEN:${HELD_PORT},bind=127.0.0.1,fork /dev/null\n`;
  await put(elsewhere, 'etc/systemd/system/holder.service', holder);
  await enable(elsewhere, 'holder.service', '/etc/systemd/system');
}

const installed = (host: Host) => host.journal('--unit=kubekiln-first-boot', '--output=cat');

test('the operating systems of three hosts are prepared', { timeout: 900_000 }, async t => {
  const before = await machineSettings();
  const built = await buildCluster({
    size: 1,
    workers: 2,
    spec: { dns: { imageTag: COREDNS_VERSION }, node: { sysctl: { 'vm.max_map_count': '262144' } } },
  });
  await withControlPlane(
    'host-preparation',
    () => createHosts(built, 'user-data', { packages: PACKAGES }),
    async plane => {
      await makeDifferent(plane);
      const since = await powerOn(plane, [{ index: 0, after: 0 }]);
      for (const { host } of plane.workers) await host.start();
      await untilReady(plane, since);
      const [withUfw, withFirewalld, elsewhere] = hostsOf(plane);
      const names = everyHost(plane).map(({ name }) => name);

      await t.test('an active ufw was told what a control-plane node listens on', async () => {
        assert.match(await installed(withUfw.host), /system: ufw lets in 6443\/tcp 2379\/tcp .*, and all from and to 10\.244\.0\.0\/16/);
        const rules = await withUfw.host.sh('ufw status');
        assert.match(rules, /^Status: active/);
        for (const rule of ['6443/tcp', '2380/tcp', '8472/udp', '30000:32767/tcp']) assert.match(rules, new RegExp(`^${rule} +ALLOW`, 'm'));
        assert.match(rules, /^10\.244\.0\.0\/16 +ALLOW FWD/m);
      });

      await t.test('an active firewalld was told what a worker listens on', async () => {
        assert.match(await installed(withFirewalld.host), /system: firewalld lets in 10250\/tcp/);
        const ports = (await withFirewalld.host.sh('firewall-cmd --zone=public --list-ports')).trim().split(' ');
        assert.deepEqual(new Set(ports), new Set(['10250/tcp', '8472/udp', '30000-32767/tcp', '30000-32767/udp']));
        assert.equal((await withFirewalld.host.sh('firewall-cmd --zone=trusted --list-sources')).trim(), '10.244.0.0/16');
      });

      await t.test('both keep closed what they were not asked for', async () => {
        for (const { host, address } of [withUfw, withFirewalld, elsewhere]) {
          await host.sh(`systemd-run --quiet --unit=other socat TCP-LISTEN:${OTHER_PORT},fork PIPE`);
          await eventually(`${host.name} listens`, async () => (await host.sh(`ss -Hltn sport = :${OTHER_PORT}`)) !== '');
          const answer = await plane.network.capture('curl', [
            '--silent',
            '--max-time',
            '3',
            '--http0.9',
            `http://${address}:${OTHER_PORT}/`,
          ]);
          // Where no firewall is, what was said comes back.
          assert.equal(/GET \//.test(answer.stdout), host === elsewhere.host, `${host.name}: ${answer.stdout}${answer.stderr}`);
        }
      });

      await t.test('all nodes are Ready, and pods reach each other through both', async () => {
        await plane.operator.wait('nodes', 'condition=Ready', names);
        t.diagnostic(`power-on to Ready on all: ${seconds(performance.now() - since)}`);
        await podsReachEachOther(plane);
      });

      await t.test('chrony serves the time, its own where nothing better answers', async () => {
        // Debian's unit skips containers, which cannot set the clock: the same program with the same configuration, told not to.
        await withUfw.host.sh('systemd-run --quiet --unit=chrony-of-the-test chronyd -x -d');
        const tracking = async () => /^Stratum +: 10$/m.test(await withUfw.host.sh('chronyc -n tracking'));
        await eventually('chronyd takes its own clock for true', tracking, { explain: () => withUfw.host.sh('chronyc -n tracking') });
        // -Q prints the offset and sets nothing.
        const asked = await elsewhere.host.try(`chronyd -x -Q -t 10 'server ${withUfw.address} iburst' 2>&1`);
        assert.match(asked.stdout, /System clock wrong by -?0\.0\d+ seconds/, asked.stdout);
      });

      await t.test('the time zone is UTC everywhere', async () => {
        for (const { host } of everyHost(plane))
          assert.match(await host.sh('date +%Z; timedatectl show --property=Timezone --value'), /^UTC\n(Etc\/)?UTC$/m);
      });

      await t.test('limits are those of docs/requirements.md', async () => {
        for (const { host } of everyHost(plane)) {
          assert.equal(
            (
              await host.sh('sysctl --values kernel.pid_max fs.inotify.max_user_instances fs.inotify.max_user_watches vm.max_map_count')
            ).trim(),
            '4194304\n8192\n1048576\n262144',
          );
          for (const unit of ['containerd', 'kubelet'])
            assert.equal((await host.sh(`systemctl show --value --property=LimitNOFILE ${unit}`)).trim(), '1048576', unit);
          assert.equal((await host.sh('systemctl show --value --property=TasksMax containerd')).trim(), 'infinity');
          assert.match(await host.sh('systemd-analyze cat-config systemd/journald.conf'), /^SystemMaxUse=1G$/m);
          // It was started again when its file was there.
          const [journald, file] = await Promise.all([
            host.sh('date -d "$(systemctl show --value --property=ExecMainStartTimestamp systemd-journald)" +%s'),
            host.sh('stat --format=%Z /etc/systemd/journald.conf.d/kubekiln.conf'),
          ]);
          assert.ok(Number(journald) >= Number(file), `${host.name}: ${journald} ${file}`);
        }
      });

      await t.test('a swap unit does not start', async () => {
        const { host } = elsewhere;
        await host.sh(
          'printf "[Swap]\\nWhat=/dev/swap-of-test\\n" >/run/systemd/system/dev-swap\\\\x2dof\\\\x2dtest.swap; systemctl daemon-reload',
        );
        const shown = await host.sh("systemctl show --property=DropInPaths 'dev-swap\\x2dof\\x2dtest.swap'");
        assert.equal(shown.trim(), 'DropInPaths=/etc/systemd/system/swap.d/kubekiln.conf');
      });

      await t.test('what is amiss is one line on the console each', async () => {
        assert.match(
          await installed(elsewhere.host),
          new RegExp(`^kubekiln: system: warning: 127\\.0\\.0\\.1:${HELD_PORT} is taken: users:\\(\\("socat"`, 'm'),
        );
        for (const { host, name } of everyHost(plane)) {
          const warnings = (await installed(host)).split('\n').filter(line => line.includes('system: warning'));
          t.diagnostic(`${name}: ${warnings.join(' | ')}`);
          // Nothing but what this machine lacks, and the port.
          assert.deepEqual(
            warnings.filter(
              line => !/warning: (control groups v1|CPUs|MiB of memory|MB for|50 writes to \/var\/lib\/etcd|127\.0\.0\.1:10249)/.test(line),
            ),
            [],
            name,
          );
        }
      });
    },
  );
  assert.deepEqual(await machineSettings(), before, 'a host changed the settings of this machine');
});
