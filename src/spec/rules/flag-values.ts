// Values that the daemons refuse at their start, when the node has long left the operator's hands.
import { type DaemonSetting, daemonSettings } from '../daemon-settings.ts';
import { wrongValue } from '../flag-types.ts';
import { flagType, isSupported, knowsFlag, parseVersion } from '../kubernetes-releases.ts';
import { reservedFlag } from '../reserved-flags.ts';
import type { Rule, SpecDraft } from '../rule.ts';

export type GivenSetting = DaemonSetting & { readonly value: string };

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

/** Some flags of a daemon that have a value which somebody will read. */
export function settingsOf(spec: SpecDraft, daemon: DaemonSetting['daemon'], flags: readonly string[]): readonly GivenSetting[] {
  return valued(spec).filter(setting => setting.daemon === daemon && flags.includes(setting.name));
}

export const flagValueRules: readonly Rule[] = [badValue];
