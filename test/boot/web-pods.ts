// Pods that answer over HTTP with their own names, one on each node, and a Service before them: what reachability is tried with.
import assert from 'node:assert/strict';
import { type ControlPlane, everyHost } from './control-plane.ts';
import { importImages } from './images/import-images.ts';
import { agnhostImage, testImages } from './images/test-images.ts';
import type { Operator } from './operator.ts';
import { eventually } from './patience.ts';

const SERVICE = 'web';
const PORT = 8080;

function container(image: string): object {
  const readinessProbe = { httpGet: { path: '/hostname', port: PORT }, periodSeconds: 1 };
  return { name: 'web', image, args: ['netexec', `--http-port=${PORT}`], readinessProbe };
}

function service(name: string): object {
  const ports = [{ port: 80, targetPort: PORT }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { type: 'NodePort', selector: { app: name }, ports } };
}

/** One pod per node, control plane or not, `web-<node>`, that answers /hostname, and the Service `web` (ClusterIP port 80 and a NodePort). */
export function webObjects(nodes: readonly string[], image: string): readonly object[] {
  const pods = nodes.map(node => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${node}`, labels: { app: SERVICE } },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': node },
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
      containers: [container(image)],
    },
  }));
  return [service(SERVICE), ...pods];
}

/** A Deployment of so many such pods, spread over the nodes that take any pod, and the Service of its name. */
export function webDeployment(name: string, replicas: number, image: string): readonly object[] {
  const labelSelector = { matchLabels: { app: name } };
  const spread = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', nodeTaintsPolicy: 'Honor' };
  const template = {
    metadata: { labels: { app: name } },
    spec: { topologySpreadConstraints: [{ ...spread, labelSelector }], containers: [container(image)] },
  };
  const spec = { replicas, selector: labelSelector, template };
  return [service(name), { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec }];
}

export interface WebPods {
  /** Runs a command in the pod on that node. @throws when it fails */
  on(node: string, ...command: string[]): Promise<string>;
  /** `address:port` of the pod on that node. */
  endpoint(node: string): Promise<string>;
  readonly clusterIp: string;
  readonly nodePort: string;
  /** Name of the pod that answers at `host[:port]`, asked from the pod on that node. @throws when none answers within 3 s */
  ask(node: string, at: string): Promise<string>;
}

/** Waits until the pods of `webObjects(nodes, …)` are ready. */
export async function untilWebPods(operator: Operator, nodes: readonly string[]): Promise<WebPods> {
  const names = nodes.map(node => `web-${node}`);
  await operator.wait('pods', 'condition=Ready', names);
  const field = (kind: string, name: string, path: string) => operator.kubectl(['get', kind, name, `--output=jsonpath={${path}}`]);
  const on = (node: string, ...command: string[]) => operator.kubectl(['exec', `web-${node}`, '--', ...command]);
  return {
    on,
    endpoint: async node => `${await field('pod', `web-${node}`, '.status.podIP')}:${PORT}`,
    clusterIp: await field('service', SERVICE, '.spec.clusterIP'),
    nodePort: await field('service', SERVICE, '.spec.ports[0].nodePort'),
    ask: (node, at) => on(node, 'curl', '--silent', '--fail', '--max-time', '3', `http://${at}/hostname`),
  };
}

/** A pod on each worker reaches the other one by its address, through the ClusterIP, through a NodePort of a node that has no such pod, and by name. */
export async function podsReachEachOther(plane: ControlPlane): Promise<WebPods> {
  const { operator } = plane;
  const images = await testImages();
  await Promise.all(everyHost(plane).map(node => importImages(node, images)));
  const workers = plane.workers.map(({ name }) => name);
  const elsewhere = plane.members.map(({ address }) => address)[0] ?? assert.fail('no control plane');
  await operator.apply(webObjects(workers, (await agnhostImage()).reference));
  const web = await untilWebPods(operator, workers);
  // kube-proxy learns of a ready pod a moment after we do
  const asked = (from: string, at: string) => eventually(`an answer at ${at} from ${from}`, () => web.ask(from, at), { timeout: 15_000 });
  for (const from of workers) {
    for (const to of workers) assert.equal(await web.ask(from, await web.endpoint(to)), `web-${to}`, 'pod to pod');
    assert.match(await asked(from, web.clusterIp), /^web-w-\d$/, 'through the ClusterIP');
    assert.match(await asked(from, `${elsewhere}:${web.nodePort}`), /^web-w-\d$/, 'through the NodePort of a node without such a pod');
  }
  await operator.wait('pods', 'condition=Ready', [], '--namespace=kube-system', '--selector=k8s-app=kube-dns');
  assert.match(await asked(workers[0] ?? '', `${SERVICE}.default.svc.cluster.local`), /^web-w-\d$/, 'by name');
  return web;
}
