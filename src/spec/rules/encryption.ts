import type { DocumentPath } from '../../problem.ts';
import type { Rule, SpecDraft } from '../rule.ts';

const ROOT: DocumentPath = ['spec', 'encryptionConfiguration', 'resources'];
type RuleDraft = NonNullable<NonNullable<NonNullable<SpecDraft['encryptionConfiguration']>['resources']>[number]>;
type ProviderDraft = NonNullable<NonNullable<RuleDraft['providers']>[number]>;

const TYPES = ['secretbox', 'aescbc', 'aesgcm', 'kms', 'identity'] as const;
const KEYED = ['secretbox', 'aescbc', 'aesgcm'] as const;

function entries(spec: SpecDraft): readonly { entry: RuleDraft; path: DocumentPath }[] {
  return (spec.encryptionConfiguration?.resources ?? []).flatMap((entry, index) => (entry ? [{ entry, path: [...ROOT, index] }] : []));
}

function providers(spec: SpecDraft): readonly { provider: ProviderDraft; path: DocumentPath; first: boolean }[] {
  return entries(spec).flatMap(({ entry, path }) =>
    (entry.providers ?? []).flatMap((provider, index) =>
      provider ? [{ provider, path: [...path, 'providers', index], first: index === 0 }] : [],
    ),
  );
}

const incomplete: Rule = {
  code: 'encryption-incomplete',
  check({ spec, isGiven }, report) {
    const { encryptionConfiguration } = spec;
    if (encryptionConfiguration?.resources?.length === 0)
      report.error(ROOT, 'nothing would be encrypted: the list is empty', {
        mark: 'key',
        hint: 'delete encryptionConfiguration for the default: secretbox on secrets',
      });
    for (const { entry, path } of entries(spec)) {
      for (const key of ['resources', 'providers'] as const)
        if (entry[key]?.length === 0) report.error([...path, key], `${key} is empty`, { mark: 'key' });
    }
    for (const { provider, path } of providers(spec)) {
      const given = TYPES.filter(type => isGiven([...path, type]));
      if (given.length !== 1)
        report.error(
          path,
          given.length === 0 ? `a provider is one of ${TYPES.join(', ')}` : `a provider is one thing, not ${given.join(' and ')}`,
          given.length === 0 ? {} : { hint: 'each one is a list item of its own' },
        );
      for (const type of KEYED)
        if (provider[type]?.keys?.length === 0)
          report.error([...path, type, 'keys'], `${type} has no key`, { mark: 'key', hint: 'keys: [{name: key1}]' });
    }
  },
};

const duplicateKey: Rule = {
  code: 'duplicate-encryption-key',
  check({ spec }, report) {
    const ciphers = new Map<string, string>();
    for (const { provider, path } of providers(spec)) {
      for (const type of KEYED) {
        const names = provider[type]?.keys ?? [];
        for (const [index, key] of names.entries()) {
          if (key?.name === undefined) continue;
          const place = [...path, type, 'keys', index, 'name'];
          const twice = names.findIndex(other => other?.name === key.name) < index;
          const other = ciphers.get(key.name);
          if (twice) report.error(place, `${key.name} stands twice in this list`, { value: key.name });
          else if (other !== undefined && other !== type)
            report.error(place, `${key.name} is already a key of ${other}: two ciphers must not share a key`, { value: key.name });
          ciphers.set(key.name, type);
        }
      }
    }
  },
};

const identityFirst: Rule = {
  code: 'encryption-identity-first',
  check({ spec }, report) {
    for (const { provider, path, first } of providers(spec))
      if (first && provider.identity)
        report.warning(path, 'the first provider writes: these resources are stored in clear text', {
          hint: 'put identity last, or leave it out',
        });
  },
};

const WEAK = { aescbc: 'is open to padding oracles (upstream: not recommended)', aesgcm: 'must be rotated every 200,000 writes' } as const;

const weakProvider: Rule = {
  code: 'encryption-weak-provider',
  check({ spec }, report) {
    for (const { provider, path, first } of providers(spec)) {
      const type = (['aescbc', 'aesgcm'] as const).find(name => provider[name]);
      if (first && type) report.warning([...path, type], `${type} ${WEAK[type]}`, { mark: 'key', hint: 'secretbox, or kms' });
    }
  },
};

function covers(wildcard: string, resource: string): boolean {
  if (wildcard === '*.*') return true;
  if (!wildcard.startsWith('*.')) return false;
  const dot = resource.indexOf('.');
  return wildcard.slice(2) === (dot < 0 ? '' : resource.slice(dot + 1));
}

/** As kube-apiserver judges it: nothing twice or covered in one list, and nothing below a wildcard of an earlier entry. */
const overlap: Rule = {
  code: 'encryption-overlap',
  check({ spec }, report) {
    const earlier: string[] = [];
    for (const { entry, path } of entries(spec)) {
      const resources = (entry.resources ?? []).flatMap((resource, index) => (resource === undefined ? [] : [{ resource, index }]));
      for (const { resource, index } of resources) {
        const place = [...path, 'resources', index];
        const twice = resources.some(other => other.index < index && other.resource === resource);
        const cover = resources.find(other => other.resource !== resource && covers(other.resource, resource));
        const mask = earlier.find(wildcard => covers(wildcard, resource));
        if (twice) report.error(place, `${resource} stands twice in this list`, { value: resource });
        else if (cover) report.error(place, `${cover.resource} in the same list already covers ${resource}`, { value: resource });
        else if (mask !== undefined)
          report.error(place, `${mask} in an earlier entry covers ${resource}: this one would never be used`, {
            value: resource,
            hint: 'put wildcards last',
          });
      }
      earlier.push(...resources.map(({ resource }) => resource));
    }
  },
};

export const encryptionRules: readonly Rule[] = [incomplete, duplicateKey, identityFirst, weakProvider, overlap];
