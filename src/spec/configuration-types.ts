// The typed configuration files of kubelet and kube-proxy, as data: read from upstream's Go types of every supported minor
// (k8s.io/kubelet/config/v1beta1, k8s.io/kube-proxy/config/v1alpha1, k8s.io/component-base/config/v1alpha1).
import type { KubernetesVersion } from './cluster.ts';
import data from './configuration-types.json' with { type: 'json' };

/** `text`, `integer`, `number`, `boolean`, `duration`, `any`, `list T`, `map T`, or the name of another type. */
export type TypeName = string;

type FieldFacts = TypeName | { readonly type: TypeName; readonly in: readonly string[] };

const TYPES: Readonly<Record<string, Readonly<Record<string, FieldFacts>>>> = data;

/** Keys of a mapping type in any supported minor; undefined where the type is no mapping with fixed keys. */
export function keysOfType(type: TypeName): readonly string[] | undefined {
  return Object.hasOwn(TYPES, type) ? Object.keys(TYPES[type] ?? {}) : undefined;
}

/** Type of a key, and the minors that have it (absent: all of them). */
export function keyFacts(type: TypeName, key: string): { readonly type: TypeName; readonly minors?: readonly string[] } | undefined {
  const fields = TYPES[type];
  const facts = fields && Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (facts === undefined) return undefined;
  return typeof facts === 'string' ? { type: facts } : { type: facts.type, minors: facts.in };
}

export function hasMinor(minors: readonly string[] | undefined, version: KubernetesVersion): boolean {
  return minors === undefined || minors.includes(`1.${version.minor}`);
}
