import { type Cluster, controlPlaneNodes } from '../spec/cluster.ts';

/** `prod  Kubernetes v1.37.1  3 control-plane, 2 worker  localProxy 127.0.0.1:8443`. */
export function clusterSummary(cluster: Cluster): string {
  const controlPlane = controlPlaneNodes(cluster).length;
  const workers = cluster.nodes.length - controlPlane;
  const { controlPlaneEndpoint: endpoint, loadBalancer } = cluster;
  const external =
    endpoint === undefined ? [] : [`endpoint ${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`];
  return [
    cluster.name,
    `Kubernetes ${cluster.version.text}`,
    [`${controlPlane} control-plane`, ...(workers > 0 ? [`${workers} worker`] : [])].join(', '),
    ...(loadBalancer.type === 'localProxy' && workers > 0 ? [`localProxy 127.0.0.1:${loadBalancer.bindPort}`] : external),
  ].join('  ');
}
