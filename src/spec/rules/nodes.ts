import { indexedNodes, type Rule } from '../rule.ts';

const duplicateName: Rule = {
  code: 'duplicate-name',
  check({ spec, lineOf }, report) {
    const first = new Map<string, readonly (string | number)[]>();
    for (const { node, path } of indexedNodes(spec)) {
      if (node.name === undefined) continue;
      const other = first.get(node.name);
      if (other)
        report.error([...path, 'name'], `${node.name} is already the name of a node (${lineOf([...other, 'name'])})`, {
          value: node.name,
          hint: 'every node needs its own',
        });
      else first.set(node.name, path);
    }
  },
};

const RESERVED_NAMES: Readonly<Record<string, string>> = {
  localhost: 'it means another machine on every machine',
  operator: "the operator's certificates have it in secrets.yaml",
  kubernetes: 'it is the API server in every certificate',
};

const reservedName: Rule = {
  code: 'reserved-name',
  check({ spec }, report) {
    for (const { node, path } of indexedNodes(spec)) {
      const reason = node.name === undefined || !Object.hasOwn(RESERVED_NAMES, node.name) ? undefined : RESERVED_NAMES[node.name];
      if (reason !== undefined) report.error([...path, 'name'], `a node cannot be named ${node.name}: ${reason}`, { value: node.name });
    }
  },
};

const noControlPlane: Rule = {
  code: 'no-control-plane',
  check({ spec }, report) {
    const { nodes } = spec;
    if (!nodes?.every(node => node?.role === 'worker')) return;
    report.error(['spec', 'nodes'], 'no node has the role control-plane', {
      mark: 'key',
      hint: 'one is enough for a test, three survive the loss of one',
    });
  },
};

const evenControlPlane: Rule = {
  code: 'even-control-plane',
  check({ spec }, report) {
    const count = indexedNodes(spec).filter(({ node }) => node.role === 'control-plane').length;
    if (count === 0 || count % 2 === 1) return;
    const tolerated = count / 2 - 1;
    report.warning(
      ['spec', 'nodes'],
      `${count} control-plane nodes survive the loss of ${tolerated === 0 ? 'none' : tolerated}, as ${count - 1} would: etcd needs a majority`,
      { mark: 'key', hint: `${count - 1} or ${count + 1}` },
    );
  },
};

// What NodeRestriction lets a node say of itself: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
const KUBELET_LABELS = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);

const restrictedLabel: Rule = {
  code: 'restricted-label',
  check({ spec }, report) {
    for (const { node, path } of indexedNodes(spec)) {
      for (const key of Object.keys(node.labels ?? {})) {
        const prefix = key.includes('/') ? (key.split('/')[0] ?? '') : '';
        const reserved = /(^|\.)(kubernetes|k8s)\.io$/.test(prefix);
        if (!reserved || KUBELET_LABELS.has(key) || /(^|\.)(kubelet|node)\.kubernetes\.io$/.test(prefix)) continue;
        report.error([...path, 'labels', key], `a kubelet may not give its own node the label ${key}`, {
          mark: 'key',
          value: key,
          hint:
            prefix === 'node-role.kubernetes.io'
              ? 'the label of its role is set by the control plane'
              : 'use a prefix of your own, or set it with kubectl',
        });
      }
    }
  },
};

const loadBalancerWithoutEndpoint: Rule = {
  code: 'load-balancer-without-endpoint',
  check({ spec, isGiven }, report) {
    if (spec.loadBalancer?.type !== 'external' || isGiven(['spec', 'controlPlaneEndpoint'])) return;
    report.error(['spec', 'loadBalancer', 'type'], 'an external load balancer needs spec.controlPlaneEndpoint: workers dial it', {
      hint: 'controlPlaneEndpoint: api.example.com:6443',
    });
  },
};

export const nodeRules: readonly Rule[] = [
  duplicateName,
  reservedName,
  noControlPlane,
  evenControlPlane,
  restrictedLabel,
  loadBalancerWithoutEndpoint,
];
