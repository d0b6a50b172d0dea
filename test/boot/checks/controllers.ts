import assert from 'node:assert/strict';
import { member } from '../control-plane.ts';
import { untilLeasesHeldBy } from '../leases.ts';
import { CURL_ANSWER, curlAnswer } from '../operator.ts';
import { eventually } from '../patience.ts';
import type { Check } from './check.ts';

const PORTS = { 'kube-controller-manager': 10257, 'kube-scheduler': 10259 } as const;

export const CONTROLLER_CHECKS: readonly Check[] = [
  {
    name: '10257 and 10259 answer on loopback: /healthz to anyone, /metrics to the operator only',
    run: async ({ members, operator }) => {
      for (const { host, name } of members) {
        for (const [daemon, port] of Object.entries(PORTS)) {
          const ask = async (path: string, ...how: string[]) =>
            curlAnswer((await host.inNetwork('curl', [...CURL_ANSWER, ...how, `https://127.0.0.1:${port}${path}`])).stdout);
          const [ca, certificate, key] = [
            operator.curlCredentials.slice(0, 2),
            operator.curlCredentials.slice(2, 4),
            operator.curlCredentials.slice(4),
          ];
          const healthy = await ask('/healthz', ...ca);
          assert.deepEqual(healthy, { status: 200, body: 'ok' }, `${name} ${daemon} /healthz`);
          assert.equal((await ask('/healthz', ...ca, ...certificate, ...key)).status, 200, `${name} ${daemon} /healthz with a certificate`);
          assert.match(String((await ask('/metrics', ...ca)).status), /^40[13]$/, `${name} ${daemon} /metrics for anyone`);
          assert.equal((await ask('/metrics', ...ca, ...certificate, ...key)).status, 200, `${name} ${daemon} /metrics for the operator`);
        }
      }
      return undefined;
    },
  },
  {
    name: 'both leases are held',
    run: async plane => {
      const holders = await untilLeasesHeldBy(plane, plane.members, member(plane, 0));
      return Object.entries(holders)
        .map(([lease, holder]) => `${lease}: ${holder.name}`)
        .join(', ');
    },
  },
  {
    name: 'the controller manager works: a new namespace gets its service account and trust bundle',
    run: async ({ operator }) => {
      await operator.kubectl(['create', 'namespace', 'worked-on']);
      await eventually('the namespace is filled', async () => {
        await operator.kubectl(['--namespace=worked-on', 'get', 'serviceaccount/default', 'configmap/kube-root-ca.crt']);
        return true;
      });
      return undefined;
    },
  },
  {
    name: 'the scheduler works: a Pod without nodes is unschedulable',
    run: async ({ operator }) => {
      await eventually(
        'the default service account exists',
        async () => (await operator.kubectl(['get', 'serviceaccount', 'default'])) !== '',
      );
      await operator.kubectl(['run', 'homeless', '--image=none.invalid/none', '--restart=Never']);
      const jsonpath = '--output=jsonpath={.status.conditions[?(@.type=="PodScheduled")].reason}';
      await eventually(
        'the Pod has a verdict',
        async () => (await operator.kubectl(['get', 'pod', 'homeless', jsonpath])) === 'Unschedulable',
      );
      return undefined;
    },
  },
];
