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

const workerWithoutKubelet: Rule = {
  code: 'worker-without-kubelet',
  check({ spec }, report) {
    const worker = indexedNodes(spec).find(({ node }) => node.role === 'worker');
    if (worker)
      report.warning(
        [...worker.path, 'role'],
        'this version of kubekiln installs no kubelet: a worker gets its operating system settings only',
      );
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
  workerWithoutKubelet,
  loadBalancerWithoutEndpoint,
];
