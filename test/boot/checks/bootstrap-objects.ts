import assert from 'node:assert/strict';
import { eventually } from '../patience.ts';
import type { Check } from './check.ts';

const BINDINGS = [
  { name: 'kubeadm:cluster-admins', role: 'cluster-admin', subject: 'Group kubeadm:cluster-admins' },
  { name: 'kubeadm:apiserver-kubelet-client', role: 'system:kubelet-api-admin', subject: 'User kube-apiserver-kubelet-client' },
] as const;

export const BOOTSTRAP_CHECKS: readonly Check[] = [
  {
    name: 'the objects that a new cluster needs are there',
    run: async ({ operator }) => {
      const generation = ['--namespace=kube-system', 'get', 'configmap', 'kubekiln', '--output=jsonpath={.data.generation}'];
      const stored = await eventually('ConfigMap kube-system/kubekiln', async () => (await operator.kubectl(generation)) || undefined);
      assert.equal(stored, '1');
      for (const { name, role, subject } of BINDINGS) {
        const jsonpath = '--output=jsonpath={.roleRef.name}|{.subjects[0].kind} {.subjects[0].name}';
        assert.equal(await operator.kubectl(['get', 'clusterrolebinding', name, jsonpath]), `${role}|${subject}`);
      }
      return undefined;
    },
  },
];
