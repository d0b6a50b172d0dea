/** CoreDNS as upstream deploys it, in the fewest objects that answer for Services; its address is the one that the floor's kubelets give to pods. */
export function corednsObjects(): readonly object[] {
  const metadata = { name: 'coredns', namespace: 'kube-system' };
  const rules = [
    { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ];
  const rbac = 'rbac.authorization.k8s.io';
  const corefile = '.:53 {\n errors\n health\n ready\n kubernetes cluster.local in-addr.arpa ip6.arpa\n cache 30\n}\n';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'floor-coredns' }, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'floor-coredns' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'floor-coredns' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: corefile } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system' },
      spec: {
        clusterIP: '10.96.0.10',
        selector: { app: 'coredns' },
        ports: ['UDP', 'TCP'].map(protocol => ({ name: `dns-${protocol.toLowerCase()}`, port: 53, protocol })),
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: { app: 'coredns' } },
        template: { metadata: { labels: { app: 'coredns' } }, spec: podSpec() },
      },
    },
  ];
}

function podSpec(): object {
  return {
    serviceAccountName: 'coredns',
    dnsPolicy: 'Default',
    containers: [
      {
        name: 'coredns',
        image: 'registry.k8s.io/coredns/coredns:v1.15.0',
        args: ['-conf', '/etc/coredns/Corefile'],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] } },
        readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
        volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: 'coredns' } }],
  };
}
