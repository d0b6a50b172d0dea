// Admission of the resolved cluster: the lists of plugins that kube-apiserver gets, and its AdmissionConfiguration, in which an operator's own file comes
// first. https://kubernetes.io/docs/reference/config-api/apiserver-config.v1/
import type { AdmissionSettings, Arg } from './cluster.ts';
import type { ClusterDocument } from './schema.ts';
import { isMapping } from './schema-walk.ts';
import type { Siblings } from './siblings.ts';

type ApiServerDocument = ClusterDocument['spec']['apiServer'];
type PluginDocument = ApiServerDocument['admissionPlugins'];

/** Beyond those that kube-apiserver enables itself. NodeRestriction keeps a node from changing others: it cannot be turned off. */
const ENABLED = ['NodeRestriction', 'DenyServiceExternalIPs', 'EventRateLimit'];

/** Far above what a healthy cluster says, far below what etcd's disk takes: kubelet sends at most 50 a second, client-go 25 about one object at once. */
const EVENT_LIMITS = [
  { type: 'Server', qps: 500, burst: 5000 },
  { type: 'Namespace', qps: 100, burst: 1000 },
  { type: 'User', qps: 100, burst: 1000 },
  { type: 'SourceAndObject', qps: 10, burst: 100 },
] as const;

const LIST_FLAGS = { 'enable-admission-plugins': 'enabled', 'disable-admission-plugins': 'disabled' } as const;

export function admissionSettings(apiServer: ApiServerDocument, siblings: Siblings): AdmissionSettings {
  const { admissionPlugins: given, extraArgs, admissionControlConfigFile: file } = apiServer;
  const own = file === undefined ? undefined : siblings.read(file).parsed?.value;
  const ownPlugins = isMapping(own) && Array.isArray(own.plugins) ? own.plugins : [];
  const inFile = new Set(ownPlugins.map((plugin: unknown) => isMapping(plugin) && plugin.name));
  const listedOff = listed(extraArgs, 'disable-admission-plugins');
  const isOff = (name: keyof PluginDocument) => given[name].disabled || listedOff.includes(name);
  const plugins = [...ownPlugins, ...configurations(given).filter(({ name }) => !isOff(name) && !inFile.has(name))];
  const header = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration' };
  const off = (Object.keys(given) as (keyof PluginDocument)[]).filter(isOff);
  const effective = Object.entries(withLimits(given)).filter(([name]) => !inFile.has(name));
  return {
    enabled: unique([...ENABLED, ...listed(extraArgs, 'enable-admission-plugins')]).filter(
      name => !off.some(plugin => plugin === name) && !listedOff.includes(name),
    ),
    // Of ours, kube-apiserver enables only this one by itself.
    disabled: unique([...off.filter(name => name === 'PodSecurity'), ...listedOff]),
    plugins: Object.fromEntries(effective.map(([name, plugin]) => [name, off.some(of => of === name) ? { disabled: true } : plugin])),
    ...(file !== undefined && { file }),
    ...(plugins.length > 0 && { configuration: { ...header, ...(isMapping(own) && own), plugins } }),
  };
}

/** The lists of plugins add to ours, where other extraArgs replace what we set: each is given once, and whole. */
export function withWholeLists(extraArgs: readonly Arg[], admission: AdmissionSettings): readonly Arg[] {
  const seen = new Set<string>();
  return extraArgs.flatMap(arg => {
    const list = Object.hasOwn(LIST_FLAGS, arg.name) ? LIST_FLAGS[arg.name as keyof typeof LIST_FLAGS] : undefined;
    if (list === undefined) return [arg];
    if (seen.has(list)) return [];
    seen.add(list);
    return [{ name: arg.name, value: admission[list].join(',') }];
  });
}

function withLimits(given: PluginDocument): PluginDocument {
  return { ...given, EventRateLimit: { ...given.EventRateLimit, limits: given.EventRateLimit.limits ?? [...EVENT_LIMITS] } };
}

function configurations(given: PluginDocument): readonly { name: 'PodSecurity' | 'EventRateLimit'; configuration: object }[] {
  const { defaults, exemptions } = given.PodSecurity;
  return [
    {
      name: 'PodSecurity',
      configuration: {
        apiVersion: 'pod-security.admission.config.k8s.io/v1',
        kind: 'PodSecurityConfiguration',
        // What upstream means by silence is left out: the file travels in user-data.
        defaults: Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== 'latest')),
        exemptions: Object.fromEntries(
          Object.entries(exemptions).flatMap(([key, names]) => (names.length === 0 ? [] : [[key, unique(names)]])),
        ),
      },
    },
    {
      name: 'EventRateLimit',
      configuration: {
        apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
        kind: 'Configuration',
        limits: withLimits(given).EventRateLimit.limits,
      },
    },
  ];
}

function listed(extraArgs: readonly Arg[], flag: keyof typeof LIST_FLAGS): readonly string[] {
  return extraArgs.filter(({ name }) => name === flag).flatMap(({ value }) => value.split(',').filter(plugin => plugin !== ''));
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
