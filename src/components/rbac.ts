// RBAC objects, as the bootstrap unit applies them. https://kubernetes.io/docs/reference/access-authn-authz/rbac/

const GROUP = 'rbac.authorization.k8s.io';

export type Subject =
  | { readonly kind: 'User' | 'Group'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly name: string; readonly namespace: string };

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export function clusterRoleBinding(name: string, role: string, subject: Subject): object {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
    subjects: [subject.kind === 'ServiceAccount' ? subject : { apiGroup: GROUP, ...subject }],
  };
}

/** A ClusterRole and the binding of the same name. */
export function clusterRoleWithBinding(name: string, subject: Subject, rules: readonly PolicyRule[]): readonly object[] {
  return [{ apiVersion: `${GROUP}/v1`, kind: 'ClusterRole', metadata: { name }, rules }, clusterRoleBinding(name, name, subject)];
}
