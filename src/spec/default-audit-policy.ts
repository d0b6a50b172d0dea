// What is logged when cluster.yaml brings no policy. The shape is what CIS 3.2.2 asks for: Secrets, ConfigMaps and tokens never in full, changes to
// workloads with their bodies, every way into a pod with who and when; compact, because it travels in user-data.
// https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/

export const DEFAULT_AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  // One event per request, when it is over: half the lines, nothing lost but requests that never end.
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*', '/version', '/openapi*'] },
    { level: 'None', resources: [{ group: '', resources: ['events'] }, { group: 'events.k8s.io' }] },
    { level: 'None', verbs: ['get', 'update'], resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
    {
      level: 'Metadata',
      resources: [
        { group: '', resources: ['secrets', 'configmaps', 'serviceaccounts/token'] },
        { group: 'authentication.k8s.io', resources: ['tokenreviews'] },
      ],
    },
    // Ways into a pod: over WebSocket they are `get`, so they stand before the rules that leave reading out.
    {
      level: 'Metadata',
      resources: [
        { group: '', resources: ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy', 'nodes/proxy'] },
      ],
    },
    // The control plane and the nodes read all day long; what they change is still logged below, and secrets are above.
    {
      level: 'None',
      users: ['system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler', 'system:kube-proxy'],
      verbs: ['get', 'list', 'watch'],
    },
    {
      level: 'None',
      userGroups: ['system:nodes', 'system:serviceaccounts:kube-system'],
      verbs: ['get', 'list', 'watch'],
    },
    { level: 'Metadata', verbs: ['get', 'list', 'watch'] },
    {
      level: 'RequestResponse',
      verbs: ['create', 'update', 'patch', 'delete'],
      resources: [{ group: 'rbac.authorization.k8s.io' }],
    },
    {
      level: 'Request',
      verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
      resources: [
        { group: '', resources: ['pods', 'services', 'namespaces', 'serviceaccounts', 'nodes'] },
        { group: 'apps' },
        { group: 'batch' },
      ],
    },
    { level: 'Metadata' },
  ],
} as const;
