// Values that the daemons refuse at their start, when the node has long left the operator's hands.
import { closestWord } from '../../closest-word.ts';
import { type DaemonSetting, daemonSettings } from '../daemon-settings.ts';
import { wrongValue } from '../flag-types.ts';
import {
  admissionPlugins,
  flagType,
  isSupported,
  knowsFlag,
  minorsWithPlugin,
  parseVersion,
  programTitle,
} from '../kubernetes-releases.ts';
import { reservedFlag } from '../reserved-flags.ts';
import type { Rule, SpecDraft } from '../rule.ts';

type GivenSetting = DaemonSetting & { readonly value: string };

/** Settings whose value somebody will read: what is refused anyway is reported once. */
function valued(spec: SpecDraft): readonly GivenSetting[] {
  return daemonSettings(spec, 'extraArgs').flatMap(setting => {
    const { daemon, name, value } = setting;
    if (value === undefined) return [];
    const reserved = reservedFlag(daemon, name);
    return reserved && (!reserved.refuses || reserved.refuses(value)) ? [] : [{ ...setting, value }];
  });
}

const badValue: Rule = {
  code: 'bad-flag-value',
  check({ spec }, report) {
    const version = parseVersion(spec.kubernetesVersion ?? '');
    for (const { daemon, name, value, path } of valued(spec)) {
      // A flag that the release does not have is reported as such.
      if (version && isSupported(version) && !knowsFlag(version, daemon, name)) continue;
      const type = flagType(daemon, name);
      const wrong = wrongValue(type, value);
      if (!wrong) continue;
      const [, days] = /^(\d{1,6})d$/.exec(value) ?? [];
      const meant = type === 'duration' && days !== undefined ? `${Number(days) * 24}h` : wrong.examples;
      report.error([...path, 'value'], `--${name} of ${daemon} is ${wrong.title}, not "${value}"`, { value, hint: `as in ${meant}` });
    }
  },
};

const PLUGIN_FLAGS = ['enable-admission-plugins', 'disable-admission-plugins'];

function pluginSettings(spec: SpecDraft): readonly GivenSetting[] {
  return valued(spec).filter(({ daemon, name }) => daemon === 'kube-apiserver' && PLUGIN_FLAGS.includes(name));
}

/** Plugins of older releases, and what took their place. */
const REMOVED_PLUGINS: Readonly<Record<string, string>> = {
  PodSecurityPolicy: 'PodSecurity replaces it',
  SecurityContextDeny: 'PodSecurity replaces it',
  Initializers: 'MutatingAdmissionWebhook replaces it',
  PersistentVolumeLabel: 'leave it out: clouds label their volumes themselves',
};

const unknownPlugin: Rule = {
  code: 'unknown-admission-plugin',
  check({ spec }, report) {
    const version = parseVersion(spec.kubernetesVersion ?? '');
    if (!version || !isSupported(version)) return;
    const known = admissionPlugins(version);
    for (const { name, value, path } of pluginSettings(spec)) {
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
  check({ spec }, report) {
    const settings = pluginSettings(spec);
    const listed = (flag: string) => settings.filter(({ name }) => name === flag).flatMap(({ value }) => value.split(','));
    const enabled = listed('enable-admission-plugins');
    for (const { value, path } of settings.filter(({ name }) => name === 'disable-admission-plugins')) {
      const both = value.split(',').find(plugin => enabled.includes(plugin));
      if (both !== undefined)
        report.error([...path, 'value'], `${both} is enabled and disabled: kube-apiserver would not start`, {
          value,
          hint: 'leave it out of one of the two lists',
        });
    }
  },
};

export const flagValueRules: readonly Rule[] = [badValue, unknownPlugin, pluginTwoWays];
