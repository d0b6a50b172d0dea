// CoreDNS: the DNS of the cluster, as a Deployment; names and numbers are kubeadm's (cmd/kubeadm/app/phases/addons/dns/manifests.go).
import type { Component } from '../plan/node-plan.ts';
import type { Cluster } from '../spec/cluster.ts';
import { clusterRoleWithBinding } from './rbac.ts';

const NAMESPACE = 'kube-system';
const NAME = 'coredns';
/** The Service, and the label by which tools know the pods, are still called kube-dns. */
const LABELS = { 'k8s-app': 'kube-dns' };
const PORTS = { dns: 53, metrics: 9153, health: 8080, ready: 8181 } as const;

/** What kubelets write into pods: the DNS Service, primary family first. */
export function clusterDnsAddresses(cluster: Cluster): readonly string[] {
  return cluster.networking.dnsServiceIPs;
}

/** `registry.k8s.io/coredns/coredns:v1.14.6` */
export function coreDnsImage({ dns }: Cluster): string {
  return `${dns.imageRepository}/coredns:${dns.imageTag}`;
}

/**
 * https://coredns.io/manual/configuration/. `loop` ends CoreDNS when it asks itself; it never does: kubelet gives its pods a file of resolvers that
 * holds none on loopback, and always one.
 */
function corefile({ networking, dns }: Cluster): string {
  const { dnsDomain } = networking;
  const upstream = dns.upstreamNameservers.length > 0 ? dns.upstreamNameservers.join(' ') : '/etc/resolv.conf';
  return `.:${PORTS.dns} {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ${dnsDomain} in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :${PORTS.metrics}
    forward . ${upstream} {
       max_concurrent 1000
    }
    cache 30 {
       disable success ${dnsDomain}
       disable denial ${dnsDomain}
    }
    loop
    reload
    loadbalance
}
`;
}

function metadata(name: string): { name: string; namespace: string; labels: typeof LABELS } {
  return { name, namespace: NAMESPACE, labels: LABELS };
}

function service(cluster: Cluster): object {
  const addresses = clusterDnsAddresses(cluster);
  const families = cluster.networking.serviceSubnets.map(({ family }) => `IPv${family}`);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...metadata('kube-dns'),
      labels: { ...LABELS, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
      annotations: { 'prometheus.io/port': String(PORTS.metrics), 'prometheus.io/scrape': 'true' },
    },
    spec: {
      clusterIP: addresses[0],
      ...(addresses.length > 1 && { clusterIPs: addresses, ipFamilies: families, ipFamilyPolicy: 'RequireDualStack' }),
      ports: [
        { name: 'dns', port: PORTS.dns, protocol: 'UDP' },
        { name: 'dns-tcp', port: PORTS.dns, protocol: 'TCP' },
        { name: 'metrics', port: PORTS.metrics, protocol: 'TCP' },
      ],
      selector: LABELS,
    },
  };
}

function podSpec(cluster: Cluster): object {
  const probe = (path: string, port: number) => ({ httpGet: { path, port } });
  return {
    serviceAccountName: NAME,
    priorityClassName: 'system-cluster-critical',
    dnsPolicy: 'Default',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [
      { key: 'CriticalAddonsOnly', operator: 'Exists' },
      { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
    ],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        // Not a preference: when all nodes boot at once, the first one that is Ready would get every replica, for good. Nodes that are not Ready count.
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: LABELS },
      },
    ],
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: NAME,
        image: coreDnsImage(cluster),
        args: ['-conf', '/etc/coredns/Corefile'],
        ports: [
          { name: 'dns', containerPort: PORTS.dns, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: PORTS.dns, protocol: 'TCP' },
          { name: 'metrics', containerPort: PORTS.metrics, protocol: 'TCP' },
        ],
        resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
        livenessProbe: { ...probe('/health', PORTS.health), initialDelaySeconds: 60, timeoutSeconds: 5, failureThreshold: 5 },
        readinessProbe: probe('/ready', PORTS.ready),
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: NAME } }],
  };
}

function objects(cluster: Cluster): readonly object[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: NAMESPACE } },
    ...clusterRoleWithBinding('system:coredns', { kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }, [
      { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ]),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace: NAMESPACE }, data: { Corefile: corefile(cluster) } },
    service(cluster),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(NAME),
      spec: {
        replicas: cluster.dns.replicas,
        strategy: { rollingUpdate: { maxUnavailable: 1 } },
        selector: { matchLabels: LABELS },
        template: { metadata: { labels: LABELS }, spec: podSpec(cluster) },
      },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata(NAME),
      spec: { maxUnavailable: 1, selector: { matchLabels: LABELS } },
    },
  ];
}

/** It runs as pods: no node has anything of it but its image. */
export const coreDns: Component = {
  name: 'coredns',
  runsOn: () => false,
  images: cluster =>
    cluster.dns.disabled ? [] : [{ image: coreDnsImage(cluster), usedBy: 'CoreDNS, the Deployment kube-system/coredns' }],
  objects: cluster => (cluster.dns.disabled ? [] : objects(cluster)),
  plan: () => ({}),
};
