// Flags of older releases, which still stand in many guides, and what took their place.

const REMOVED: Readonly<Record<string, string>> = {
  'insecure-port': 'delete it: there is no plain HTTP any more',
  'insecure-bind-address': 'delete it: there is no plain HTTP any more',
  address: 'delete it: there is no plain HTTP any more',
  port: 'delete it: there is no plain HTTP any more',
  logtostderr: 'delete it: daemons log to the journal',
  alsologtostderr: 'delete it: daemons log to the journal',
  'log-dir': 'delete it: daemons log to the journal',
  'log-file': 'delete it: daemons log to the journal',
  'experimental-encryption-provider-config': 'encryptionConfiguration replaces it',
  'experimental-cluster-signing-duration': 'cluster-signing-duration replaces it',
  'enable-swagger-ui': 'delete it: the user interface is gone',
  'kubelet-https': 'delete it: it is always HTTPS',
  'basic-auth-file': 'delete it: passwords are gone',
  'cloud-provider': 'delete it: clouds have controllers of their own',
  'horizontal-pod-autoscaler-use-rest-clients': 'delete it: it is always so',
  'concurrent-service-syncs': 'delete it: it had no effect since v1.31',
  'pod-eviction-timeout': 'delete it: tolerations decide (default-not-ready-toleration-seconds of kube-apiserver)',
  'pod-infra-container-image': "delete it; the runtime's sandbox image replaces it",
  'target-ram-mb': 'delete it: the watch cache sizes itself',
  'enable-v2': 'delete it: the v2 API is gone',
  'policy-config-file': 'scheduling profiles replace it',
  'algorithm-provider': 'scheduling profiles replace it',
};

export function removedFlagHint(flag: string): string | undefined {
  return Object.hasOwn(REMOVED, flag) ? REMOVED[flag] : undefined;
}
