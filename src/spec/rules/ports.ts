import type { DocumentPath } from '../../problem.ts';
import { firstGiven, type Rule, type SpecDraft } from '../rule.ts';

/** Ports that something else on a node listens on. https://kubernetes.io/docs/reference/networking/ports-and-protocols/ */
const TAKEN: Readonly<Record<number, string>> = {
  22: 'sshd',
  2379: 'etcd (clients)',
  2380: 'etcd (peers)',
  2381: 'etcd (metrics)',
  10248: 'kubelet (health)',
  10249: 'kube-proxy (metrics)',
  10250: 'kubelet',
  10256: 'kube-proxy (health)',
  10257: 'kube-controller-manager',
  10259: 'kube-scheduler',
};

const API_SERVER: DocumentPath = ['spec', 'apiServer', 'bindPort'];
const PROXY: DocumentPath = ['spec', 'loadBalancer', 'bindPort'];
const NODE_PORTS: DocumentPath = ['spec', 'networking', 'nodePortRange'];

function ownPorts(spec: SpecDraft): readonly { path: DocumentPath; port: number; owner: string }[] {
  const apiServer = spec.apiServer?.bindPort;
  const proxy = spec.loadBalancer?.type === 'localProxy' ? spec.loadBalancer.bindPort : undefined;
  return [
    ...(apiServer === undefined ? [] : [{ path: API_SERVER, port: apiServer, owner: 'kube-apiserver' }]),
    ...(proxy === undefined ? [] : [{ path: PROXY, port: proxy, owner: 'the local proxy' }]),
  ];
}

const portClash: Rule = {
  code: 'port-clash',
  check(input, report) {
    const own = ownPorts(input.spec);
    for (const { path, port } of own) {
      const owner = TAKEN[port];
      if (owner !== undefined) report.error(firstGiven(input, path), `port ${port} belongs to ${owner}`, { value: port });
    }
    const [apiServer, proxy] = own;
    if (apiServer && proxy && apiServer.port === proxy.port)
      report.error(firstGiven(input, PROXY, API_SERVER), `port ${proxy.port} belongs to kube-apiserver (apiServer.bindPort)`, {
        value: proxy.port,
        hint: 'the default is 8443',
      });
    const range = input.spec.networking?.nodePortRange ?? '';
    if (!/^\d+-\d+$/.test(range)) return;
    const [first = 0, last = 0] = range.split('-').map(Number);
    const fixed = Object.entries(TAKEN).map(([port, owner]) => ({ port: Number(port), owner }));
    const inside = [...own, ...fixed].find(({ port }) => port >= first && port <= last);
    if (inside)
      report.error(
        firstGiven(input, NODE_PORTS, API_SERVER, PROXY),
        `networking.nodePortRange ${range} holds port ${inside.port} of ${inside.owner}`,
        { value: range, hint: 'the default is 30000-32767' },
      );
  },
};

const privilegedPort: Rule = {
  code: 'privileged-port',
  check({ spec }, report) {
    for (const { path, port, owner } of ownPorts(spec)) {
      if (port < 1024)
        report.error(path, `${owner} runs without the right to bind port ${port}`, {
          value: port,
          hint: path === PROXY ? 'the default is 8443' : 'take 1024 or higher, and let the load balancer listen on the low port',
        });
    }
  },
};

export const portRules: readonly Rule[] = [portClash, privilegedPort];
