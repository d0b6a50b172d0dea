import assert from 'node:assert/strict';
import { installStatus } from '../installed-files.ts';
import { eventually } from '../patience.ts';
import { type Check, DAEMONS } from './check.ts';

export const SYSTEM_CHECKS: readonly Check[] = [
  {
    name: 'every host says that it is done',
    run: async ({ members }) => {
      for (const { name, host } of members) {
        const status = await installStatus(host);
        assert.deepEqual([status.node, status.result, status.generation], [name, 'done', 1], JSON.stringify(status));
        assert.equal((await host.sh('hostname')).trim(), name);
      }
      return undefined;
    },
  },
  {
    name: 'all units run, none failed, cloud-init is done and the host finished booting',
    run: async ({ members }) => {
      for (const { name, host } of members) {
        await eventually(`${name} finished booting`, async () =>
          /^(running|degraded)$/m.test((await host.try('systemctl is-system-running')).stdout),
        );
        const failed = await host.sh('systemctl list-units --failed --plain --no-legend');
        assert.equal(failed.trim(), '', `${name}: failed units`);
        const units = [...DAEMONS, 'kubekiln-bootstrap', 'kubekiln.target'];
        await eventually(
          `all units of ${name} are active`,
          async () => (await host.try(`systemctl is-active ${units.join(' ')}`)).code === 0,
        );
        assert.match((await host.try('cloud-init status')).stdout, /status: done/);
      }
      return undefined;
    },
  },
  {
    name: 'each daemon runs as a user of its own',
    run: async ({ members }) => {
      const seen = [];
      for (const { name, host } of members) {
        const users = [];
        for (const daemon of DAEMONS)
          users.push((await host.sh(`stat --format=%u /proc/$(systemctl show --value --property=MainPID ${daemon})`)).trim());
        assert.equal(users.includes('0'), false, `${name}: a daemon is root`);
        assert.equal(new Set(users).size, DAEMONS.length, `${name}: two daemons share a user`);
        seen.push(users.join(' '));
      }
      assert.equal(new Set(seen).size, 1, 'user ids differ between hosts');
      return `uids ${seen[0]}`;
    },
  },
  {
    name: 'nothing listens where nobody needs it',
    run: async ({ members }) => {
      const listing = [];
      for (const { name, host, address } of members) {
        const sockets = (await host.sh('ss --no-header --listening --tcp --numeric'))
          .trim()
          .split('\n')
          .map(line => line.split(/\s+/)[3] ?? '');
        const outside = sockets.filter(socket => !/^(127\.0\.0\.1|\[::1\]):/.test(socket)).sort();
        // 10250: kubelet, by certificate; 10256: kube-proxy's health, which load balancers ask for
        assert.deepEqual(outside, ['*:10250', '*:10256', '*:6443', `${address}:2379`, `${address}:2380`].sort(), name);
        listing.push(`${name} ${[...new Set(sockets)].sort().join(' ')}`);
      }
      return listing[0];
    },
  },
  {
    name: 'all key files are private, and no operator certificate stands on a host',
    run: async ({ members }) => {
      for (const { name, host } of members) {
        const open = await host.sh(
          `find /etc/kubernetes /var/lib/kubekiln \\( -name '*.key' -o -name '*.conf' -o -name '*encryption*' \\) -type f -perm /077`,
        );
        assert.equal(open.trim(), '', name);
        assert.equal((await host.sh(`find / -xdev -name admin.conf`)).trim(), '', name);
      }
      return undefined;
    },
  },
];
