// KubeletConfiguration and KubeProxyConfiguration pass through cluster.yaml in upstream's shape: every key and type is checked against the target release,
// since kubelet refuses to start for one that it does not know.
import { closestWord } from '../../closest-word.ts';
import { pathText } from '../../document-path.ts';
import type { DocumentPath } from '../../problem.ts';
import type { KubernetesVersion } from '../cluster.ts';
import { hasMinor, keyFacts, keysOfType, type TypeName } from '../configuration-types.ts';
import { parseVersion } from '../kubernetes-releases.ts';
import { type ConfigurationType, ownedKeys } from '../owned-keys.ts';
import { indexedNodes, type Report, type Rule, type SpecDraft } from '../rule.ts';
import { isMapping } from '../schema-walk.ts';

interface Given {
  readonly type: ConfigurationType;
  readonly value: unknown;
  readonly path: DocumentPath;
}

function configurations(spec: SpecDraft): readonly Given[] {
  const type = 'KubeletConfiguration';
  const all: readonly Given[] = [
    { type, value: spec.kubeletConfiguration, path: ['spec', 'kubeletConfiguration'] },
    ...indexedNodes(spec).map(
      ({ node, path }): Given => ({ type, value: node.kubeletConfiguration, path: [...path, 'kubeletConfiguration'] }),
    ),
    { type: 'KubeProxyConfiguration', value: spec.kubeProxyConfiguration, path: ['spec', 'kubeProxyConfiguration'] },
  ];
  return all.filter(({ value }) => value !== undefined);
}

const SCALARS: Readonly<Record<string, { readonly is: (value: unknown) => boolean; readonly words: string }>> = {
  text: { is: value => typeof value === 'string', words: 'a text' },
  boolean: { is: value => typeof value === 'boolean', words: 'true or false' },
  integer: { is: value => Number.isSafeInteger(value), words: 'a whole number' },
  number: { is: value => typeof value === 'number', words: 'a number' },
  duration: {
    is: value => typeof value === 'string' && /^-?(0|(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+)$/.test(value),
    words: 'a duration such as 30s, 5m or 1h',
  },
};

type Visit = (type: TypeName, value: unknown, path: DocumentPath) => void;

/** Calls back for each value of a configuration whose place upstream's types know. */
function walk(type: TypeName, value: unknown, path: DocumentPath, visit: Visit): void {
  visit(type, value, path);
  const [container, inner] = type.split(/ (.*)/s);
  if (inner !== undefined) {
    if (container === 'list' && Array.isArray(value))
      for (const [index, item] of value.entries()) walk(inner, item, [...path, index], visit);
    if (container === 'map' && isMapping(value)) for (const [key, item] of Object.entries(value)) walk(inner, item, [...path, key], visit);
    return;
  }
  if (!isMapping(value)) return;
  for (const [key, item] of Object.entries(value)) {
    const facts = keyFacts(type, key);
    if (facts) walk(facts.type, item, [...path, key], visit);
  }
}

const unknownKey: Rule = {
  code: 'unknown-configuration-key',
  check({ spec }, report) {
    const version = parseVersion(spec.kubernetesVersion ?? '');
    if (!version) return;
    for (const given of configurations(spec)) {
      walk(given.type, given.value, given.path, (type, value, path) => {
        if (isMapping(value)) reportUnknownKeys(given.type, type, Object.keys(value), path, version, report);
      });
    }
  },
};

function reportUnknownKeys(
  root: string,
  type: TypeName,
  keys: readonly string[],
  path: DocumentPath,
  version: KubernetesVersion,
  report: Report,
): void {
  const known = keysOfType(type);
  if (!known) return;
  for (const key of keys) {
    const facts = keyFacts(type, key);
    if (facts && hasMinor(facts.minors, version)) continue;
    const meant = facts ? undefined : closestWord(key, known);
    const since = facts?.minors ? ` (only in ${facts.minors.map(minor => `v${minor}`).join(', ')})` : '';
    report.error([...path, key], `${root} of ${version.text} has no key ${pathText([key])}${since}`, {
      mark: 'key',
      value: key,
      ...(meant !== undefined && { label: `did you mean "${meant}"?` }),
    });
  }
}

const wrongType: Rule = {
  code: 'wrong-configuration-type',
  check({ spec }, report) {
    for (const given of configurations(spec)) {
      walk(given.type, given.value, given.path, (type, value, path) => {
        const words = expected(type, value);
        if (words !== undefined) report.error(path, `${pathText(path)} must be ${words}`, { value });
      });
    }
  },
};

/** What should stand there instead; undefined when the value is right. */
function expected(type: TypeName, value: unknown): string | undefined {
  if (type === 'any' || value === null) return undefined;
  if (type.startsWith('list ')) return Array.isArray(value) ? undefined : 'a list';
  const scalar = SCALARS[type];
  if (!scalar) return isMapping(value) ? undefined : 'a mapping';
  return scalar.is(value) ? undefined : scalar.words;
}

const ownedKey: Rule = {
  code: 'reserved-configuration-key',
  check({ spec }, report) {
    for (const given of configurations(spec)) {
      walk(given.type, given.value, given.path, (_, value, path) => {
        const owned = ownedKeys(given.type)[path.slice(given.path.length).join('.')];
        if (!owned || (owned.refuses && !owned.refuses(value))) return;
        report.error(path, `${pathText(path)} cannot be set: ${owned.reason}`, {
          mark: 'key',
          value,
          ...(owned.instead !== undefined && { hint: `use spec.${owned.instead}` }),
        });
      });
    }
  },
};

export const configurationRules: readonly Rule[] = [unknownKey, wrongType, ownedKey];
