import assert from 'node:assert/strict';
import { member } from '../control-plane.ts';
import { etcdctl, etcdMembers, storedValue } from '../etcd.ts';
import { eventually } from '../patience.ts';
import type { Check } from './check.ts';

export const ETCD_CHECKS: readonly Check[] = [
  {
    name: 'etcd is one cluster of three voting members, as each of them sees it',
    run: async plane => {
      const ids = new Set<string>();
      for (const of of plane.members) {
        const { clusterId, members } = await etcdMembers(plane, of);
        ids.add(clusterId);
        assert.deepEqual(members.map(({ name }) => name).sort(), ['cp-1', 'cp-2', 'cp-3']);
        assert.equal(
          members.some(({ isLearner, clientURLs }) => isLearner === true || clientURLs.length === 0),
          false,
        );
        await etcdctl(plane, of, 'endpoint', 'health');
      }
      assert.equal(ids.size, 1);
      return `cluster ${[...ids].map(id => BigInt(id).toString(16)).join(', ')}`;
    },
  },
  {
    name: 'etcd talks to nobody without a certificate',
    run: async plane => {
      for (const { address } of plane.members) {
        for (const port of [2379, 2380]) {
          const { code, stdout } = await plane.network.capture('curl', [
            '--silent',
            '--insecure',
            '--max-time',
            '3',
            `https://${address}:${port}/version`,
          ]);
          assert.notEqual(code, 0, `${address}:${port} answered a stranger: ${stdout}`);
        }
      }
      return undefined;
    },
  },
  {
    name: 'a Secret is encrypted in every etcd and decrypted by every API server',
    run: async plane => {
      const value = `plain-${process.pid}`;
      const name = 'encrypted-at-rest';
      await plane.operator.kubectl(['create', 'secret', 'generic', name, `--from-literal=value=${value}`], member(plane, 0).address);
      let shown = '';
      for (const of of plane.members) {
        const stored = await eventually(`${of.name} has the Secret`, () => storedValue(plane, of, `/registry/secrets/default/${name}`));
        assert.equal(stored.startsWith('k8s:enc:secretbox:v1:'), true, `${of.name}: ${JSON.stringify(stored.slice(0, 40))}`);
        assert.equal(stored.includes(value), false, `${of.name} stores the value in clear text`);
        const read = await plane.operator.kubectl(['get', 'secret', name, '--output=jsonpath={.data.value}'], of.address);
        assert.equal(Buffer.from(read, 'base64').toString(), value, of.name);
        shown = stored.slice(0, stored.indexOf(':', 'k8s:enc:secretbox:v1:'.length) + 1);
      }
      return `stored as ${shown}…`;
    },
  },
];
