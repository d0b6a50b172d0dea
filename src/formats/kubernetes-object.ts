// How the objects of a Kubernetes API are told apart: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/

export interface ObjectName {
  /** Without the version; empty for the core group. */
  readonly group: string;
  readonly kind: string;
  /** As a manifest has it. */
  readonly namespace?: string;
  readonly name: string;
}

/** Equal for the same object of an API server, in whatever version it is written. */
export function objectKey({ group, kind, namespace, name }: ObjectName): string {
  return JSON.stringify([group, kind, namespace ?? 'default', name]);
}

/** `Deployment web/shop` */
export function objectText({ kind, namespace, name }: ObjectName): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** `apps` of `apps/v1` */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}
