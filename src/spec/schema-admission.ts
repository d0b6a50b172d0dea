// Admission plugins that kubekiln configures, each under its own name and with the keys of its own configuration upstream, so that a security review
// reads the words that it knows.
import * as z from 'zod';
import { boolean, choice, integer, list, mapping, text } from './field.ts';

export const POD_SECURITY_LEVELS = ['privileged', 'baseline', 'restricted'] as const;

const level = (description: string) => choice(POD_SECURITY_LEVELS, description);
const version = (of: string) =>
  text('pod-security-version', `Release whose standard is meant by ${of}; latest: that of the API server.`).default('latest');

/** PodSecurityConfiguration (pod-security.admission.config.k8s.io/v1): https://kubernetes.io/docs/tasks/configure-pod-container/enforce-standards-admission-controller/ */
const podSecurityShape = {
  defaults: mapping('Pod Security Standards of namespaces whose labels (pod-security.kubernetes.io/…) say nothing else.', {
    enforce: level('What a pod must keep, or is refused.').default('baseline'),
    'enforce-version': version('enforce'),
    audit: level('What a pod must keep, or the audit log notes it.').default('restricted'),
    'audit-version': version('audit'),
    warn: level('What a pod must keep, or its author is warned.').default('restricted'),
    'warn-version': version('warn'),
  }).prefault({}),
  exemptions: mapping('Who is not asked; each list replaces its default.', {
    usernames: list(text('authenticated-user', 'A user.'), 'Users whose requests pass.').default([]),
    runtimeClasses: list(text('object-name', 'A RuntimeClass.'), 'Runtime classes whose pods pass.').default([]),
    namespaces: list(text('namespace', 'A namespace.'), 'Namespaces whose pods pass.').default(['kube-system']),
  }).prefault({}),
};

const limit = mapping('A bucket: burst events at once, and qps more every second.', {
  type: choice(
    ['Server', 'Namespace', 'User', 'SourceAndObject'],
    'What has a bucket of its own: the API server, each namespace, each user, or each pair of a source and the object that its events are about.',
  ),
  qps: integer('Events per second.', 1, 2_147_483_647),
  burst: integer('Events at once.', 1, 2_147_483_647),
  cacheSize: integer('How many buckets are remembered; default 4096.', 0, 2_147_483_647).optional(),
});

/** Configuration (eventratelimit.admission.k8s.io/v1alpha1): https://kubernetes.io/docs/reference/config-api/apiserver-eventratelimit.v1alpha1/ */
const limits = list(
  limit,
  'Each API server counts for itself. Default: Server 500 (burst 5000), Namespace and User 100 (burst 1000), SourceAndObject 10 (burst 100).',
);

/** What stands in `configuration` of a plugin, beside apiVersion and kind. */
export const PLUGIN_CONFIGURATIONS = {
  PodSecurity: z.strictObject(podSecurityShape),
  EventRateLimit: z.strictObject({ limits }),
} as const;

const disabled = boolean('Turn it off.').default(false);

export const admissionPlugins = mapping(
  "Admission plugins that kubekiln switches on or configures, by their upstream names. Others: extraArgs, enable-admission-plugins and disable-admission-plugins, whose lists add to kubekiln's; their configuration: admissionControlConfigFile.",
  {
    PodSecurity: mapping('Pod Security admission: pods that could take over their node are refused.', {
      disabled,
      ...podSecurityShape,
    }).prefault({}),
    EventRateLimit: mapping('Who floods the API server with Events is told 429, and etcd never sees them.', {
      disabled,
      limits: limits.optional(),
    }).prefault({}),
    DenyServiceExternalIPs: mapping('Services may not claim addresses (externalIPs) that are not theirs: CVE-2020-8554.', {
      disabled,
    }).prefault({}),
  },
);
