// Admission plugins: what kube-apiserver would refuse at its start or pass over in silence, and what is said twice.
import { closestWord } from '../../closest-word.ts';
import type { DocumentPath } from '../../problem.ts';
import { lineColumn } from '../../source-text.ts';
import { admissionPlugins, isSupported, minorsWithPlugin, parseVersion, programTitle } from '../kubernetes-releases.ts';
import type { Rule, RuleInput } from '../rule.ts';
import { PLUGIN_CONFIGURATIONS } from '../schema-admission.ts';
import { schemaProblems } from '../schema-problems.ts';
import { isMapping } from '../schema-walk.ts';
import { type GivenSetting, settingsOf } from './flag-values.ts';

const KEY: DocumentPath = ['spec', 'apiServer', 'admissionPlugins'];

/** Plugins of older releases, and what took their place. */
const REMOVED_PLUGINS: Readonly<Record<string, string>> = {
  PodSecurityPolicy: 'PodSecurity replaces it',
  SecurityContextDeny: 'PodSecurity replaces it',
  Initializers: 'MutatingAdmissionWebhook replaces it',
  PersistentVolumeLabel: 'leave it out: clouds label their volumes themselves',
};

const listSettings = (input: RuleInput): readonly GivenSetting[] =>
  settingsOf(input.spec, 'kube-apiserver', ['enable-admission-plugins', 'disable-admission-plugins']);

const unknownPlugin: Rule = {
  code: 'unknown-admission-plugin',
  check(input, report) {
    const version = parseVersion(input.spec.kubernetesVersion ?? '');
    if (!version || !isSupported(version)) return;
    const known = admissionPlugins(version);
    for (const { name, value, path } of listSettings(input)) {
      // kube-apiserver takes no space after a comma.
      const unknown = value.split(',').find(plugin => !known.includes(plugin));
      if (unknown === undefined) continue;
      const minors = minorsWithPlugin(unknown);
      const first = minors[0];
      const [last] = minors.slice(-1);
      const since =
        first === undefined || last === undefined ? '' : last < version.minor ? ` (last in v1.${last})` : ` (first in v1.${first})`;
      const instead = Object.hasOwn(REMOVED_PLUGINS, unknown) ? REMOVED_PLUGINS[unknown] : undefined;
      const meant = since === '' && instead === undefined ? closestWord(unknown.trim(), known) : undefined;
      const title = programTitle(version, 'kube-apiserver');
      report.error([...path, 'value'], `${title} has no admission plugin "${unknown}"${since}: with --${name} it would not start`, {
        value,
        ...(instead !== undefined && { hint: instead }),
        ...(meant !== undefined && { label: `did you mean "${meant}"?` }),
      });
    }
  },
};

const pluginTwoWays: Rule = {
  code: 'admission-plugin-clash',
  check(input, report) {
    const settings = listSettings(input);
    const enabled = settings.filter(({ name }) => name === 'enable-admission-plugins').flatMap(({ value }) => value.split(','));
    const given = input.spec.apiServer?.admissionPlugins;
    for (const { name, value, path } of settings) {
      const plugins = value.split(',');
      const off = name === 'disable-admission-plugins';
      const both = off ? plugins.find(plugin => enabled.includes(plugin)) : undefined;
      const configured = Object.entries(given ?? {}).find(
        ([plugin, configuration]) =>
          plugins.includes(plugin) && input.isGiven([...KEY, plugin]) && (configuration?.disabled === true) !== off,
      )?.[0];
      if (both !== undefined)
        report.error([...path, 'value'], `${both} is enabled and disabled: kube-apiserver would not start`, {
          value,
          hint: 'leave it out of one of the two lists',
        });
      else if (configured !== undefined)
        report.error(
          [...path, 'value'],
          `${configured} is ${off ? 'disabled here, and configured' : 'enabled here, and disabled'} in apiServer.admissionPlugins (${input.lineOf([...KEY, configured])})`,
          { value, hint: `apiServer.admissionPlugins alone decides it: leave ${configured} out of the list` },
        );
    }
  },
};

interface OwnFile {
  readonly name: string;
  readonly path: DocumentPath;
  readonly document: Readonly<Record<string, unknown>>;
  /** `admission.yaml:4:3` */
  at(place: DocumentPath): string;
}

/** The operator's own AdmissionConfiguration, when there is one that can be read. */
function ownFile({ spec, siblings, badTexts }: RuleInput): OwnFile | undefined {
  const name = spec.apiServer?.admissionControlConfigFile;
  if (name === undefined || badTexts.some(({ text }) => text.path.at(-1) === 'admissionControlConfigFile')) return undefined;
  const { text = '', parsed } = siblings.read(name);
  const document = parsed?.value;
  if (!parsed || !isMapping(document) || document.kind !== 'AdmissionConfiguration') return undefined;
  return {
    name,
    path: ['spec', 'apiServer', 'admissionControlConfigFile'],
    document,
    at(place) {
      const { line, column } = lineColumn(text, parsed.positions.valueRange(place)?.start ?? 0);
      return `${name}:${line}:${column}`;
    },
  };
}

interface OwnPlugin {
  readonly name: unknown;
  readonly entry: Readonly<Record<string, unknown>>;
  readonly place: DocumentPath;
}

function pluginsOf({ document }: OwnFile): readonly OwnPlugin[] {
  const list: readonly unknown[] = Array.isArray(document.plugins) ? document.plugins : [];
  return list.flatMap((entry, index) => (isMapping(entry) ? [{ name: entry.name, entry, place: ['plugins', index] }] : []));
}

const configuredTwice: Rule = {
  code: 'admission-configured-twice',
  check(input, report) {
    const file = ownFile(input);
    if (!file) return;
    for (const plugin of Object.keys(PLUGIN_CONFIGURATIONS)) {
      const other = pluginsOf(file).find(({ name }) => name === plugin);
      if (other && input.isGiven([...KEY, plugin]))
        report.error([...KEY, plugin], `${plugin} is configured twice: here and in ${file.at(other.place)}`, {
          mark: 'key',
          hint: 'keep one of the two',
        });
    }
  },
};

const badConfiguration: Rule = {
  code: 'bad-admission-configuration',
  check(input, report) {
    const limits = input.spec.apiServer?.admissionPlugins?.EventRateLimit?.limits;
    if (limits?.length === 0)
      report.error([...KEY, 'EventRateLimit', 'limits'], 'EventRateLimit without any limit: kube-apiserver would not start', {
        hint: 'disabled: true turns it off',
      });
    const file = ownFile(input);
    const version = parseVersion(input.spec.kubernetesVersion ?? '');
    if (!file || !version || !isSupported(version)) return;
    const { plugins } = file.document;
    const faults =
      plugins === undefined || Array.isArray(plugins)
        ? pluginsOf(file).flatMap((plugin, index, all) => pluginFaults(plugin, all.slice(0, index), admissionPlugins(version)))
        : [{ place: ['plugins'], message: 'plugins must be a list' }];
    for (const { place, message } of faults) report.error(file.path, `${file.at(place)}: ${message}`, { value: file.name });
  },
};

interface Fault {
  readonly place: DocumentPath;
  readonly message: string;
}

function pluginFaults({ name, entry, place }: OwnPlugin, before: readonly OwnPlugin[], known: readonly string[]): readonly Fault[] {
  const fault = (key: string, message: string): Fault => ({ place: Object.hasOwn(entry, key) ? [...place, key] : place, message });
  if (typeof name !== 'string' || !known.includes(name)) {
    const meant = typeof name === 'string' ? closestWord(name, known) : undefined;
    const question = meant === undefined ? '' : `; did you mean "${meant}"?`;
    return [fault('name', `there is no admission plugin ${JSON.stringify(name ?? '')}, and kube-apiserver passes over it${question}`)];
  }
  if (before.some(other => other.name === name))
    return [fault('name', `${name} stands there twice, and kube-apiserver reads the first only`)];
  if (typeof entry.path === 'string' && entry.path !== '' && !entry.path.startsWith('/') && !isMapping(entry.configuration))
    return [fault('path', `no file of ${name} stands beside it on the node: write its content as configuration`)];
  const schema = Object.hasOwn(PLUGIN_CONFIGURATIONS, name) ? PLUGIN_CONFIGURATIONS[name as keyof typeof PLUGIN_CONFIGURATIONS] : undefined;
  if (!schema || !isMapping(entry.configuration)) return [];
  const { apiVersion: _, kind: __, ...configuration } = entry.configuration;
  return schemaProblems(schema, configuration).map(({ path, message, label }) => ({
    place: [...place, 'configuration', ...path],
    message: `${name}: ${message.replace('the document', 'its configuration')}${label === undefined ? '' : ` (${label})`}`,
  }));
}

export const admissionRules: readonly Rule[] = [unknownPlugin, pluginTwoWays, configuredTwice, badConfiguration];
