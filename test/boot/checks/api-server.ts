import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { capture } from '../command.ts';
import { member } from '../control-plane.ts';
import { eventually } from '../patience.ts';
import type { Check } from './check.ts';

export const API_SERVER_CHECKS: readonly Check[] = [
  {
    name: '/livez and /readyz say ok on every API server',
    run: async ({ members, operator }) => {
      for (const { address } of members) {
        assert.equal(await operator.kubectl(['get', '--raw', '/livez'], address), 'ok');
        assert.equal(await operator.kubectl(['get', '--raw', '/readyz'], address), 'ok');
        assert.match(await operator.kubectl(['get', '--raw', '/readyz?verbose'], address), /\[\+\]etcd ok/);
      }
      return undefined;
    },
  },
  {
    name: 'whoever shows no certificate gets 401, on every path',
    run: async ({ members, operator }) => {
      for (const { address } of members) {
        for (const path of ['/', '/api', '/version', '/livez', '/readyz', '/metrics', '/api/v1/namespaces/default/secrets']) {
          assert.equal((await operator.stranger(address, path)).status, 401, `https://${address}:6443${path}`);
        }
      }
      return undefined;
    },
  },
  {
    name: 'admin.conf works from outside the hosts, with each of its contexts, and is private',
    run: async ({ operator, network, members }) => {
      assert.equal((await stat(operator.kubeconfig)).mode & 0o777, 0o600);
      const contexts = (await operator.kubectl(['config', 'get-contexts', '--output=name'])).trim().split('\n');
      for (const context of contexts)
        assert.equal(await operator.kubectl(['--context', context, 'get', '--raw', '/readyz']), 'ok', context);
      assert.equal((await operator.kubectl(['auth', 'can-i', '*', '*'])).trim(), 'yes');
      const identity = await operator.kubectl(['auth', 'whoami', '--output=jsonpath={.status.userInfo.groups}']);
      assert.match(identity, /kubeadm:cluster-admins/);
      assert.doesNotMatch(identity, /system:masters/);
      assert.equal(network.gateway.startsWith('10.77.'), true);
      return `${contexts.length} context(s) for ${members.length} API servers: ${contexts.join(', ')}`;
    },
  },
  {
    name: 'a token that one API server signed is accepted by all of them',
    run: async plane => {
      const first = member(plane, 0).address;
      // The controller manager makes the account a moment after it is ready.
      const token = await eventually('a token', async () => (await plane.operator.kubectl(['create', 'token', 'default'], first)).trim());
      const path = '/api/v1/namespaces/default/configmaps';
      for (const { address } of plane.members) {
        // 403: known, and not allowed to.
        const answer = await plane.operator.stranger(address, path, `Authorization: Bearer ${token}`);
        assert.equal(answer.status, 403, `${address}: ${answer.body}`);
        assert.match(answer.body, /system:serviceaccount:default:default/);
      }
      return undefined;
    },
  },
  {
    name: 'the audit log of every API server has events, and no Secret in it',
    run: async plane => {
      const marker = `audited-${process.pid}`;
      for (const { address, name } of plane.members) {
        const secret = `--from-literal=value=${marker}`;
        await plane.operator.kubectl(['create', 'secret', 'generic', `audit-${name}`, secret], address);
      }
      const counts = [];
      for (const { host, name } of plane.members) {
        const files = (await host.sh('find /var/log -name "*audit*.log"')).trim().split('\n').filter(Boolean);
        assert.equal(files.length, 1, `${name} has audit logs ${files.join(', ') || '(none)'}`);
        const events = await eventually(`the audit log of ${name} tells of audit-${name}`, async () => {
          const lines = (await host.sh(`cat ${files[0]}`)).trim().split('\n');
          return lines.some(line => line.includes(`"name":"audit-${name}"`) && line.includes('"verb":"create"')) ? lines : undefined;
        });
        for (const line of events.slice(0, 50)) assert.equal((JSON.parse(line) as { kind: string }).kind, 'Event');
        const base64 = Buffer.from(marker).toString('base64');
        assert.equal(events.filter(line => line.includes(marker) || line.includes(base64)).length, 0, `${name} logs the value of a Secret`);
        assert.equal((await capture('stat', ['--format=%a', `${host.root}${files[0]}`])).stdout.trim(), '600');
        counts.push(`${name} ${events.length}`);
      }
      return `events: ${counts.join(', ')}`;
    },
  },
];
