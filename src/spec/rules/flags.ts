import { closestWord } from '../../closest-word.ts';
import { pathText } from '../../document-path.ts';
import type { DocumentPath } from '../../problem.ts';
import { type DaemonSetting, daemonSettings } from '../daemon-settings.ts';
import {
  deprecatesFlag,
  type FlaggedProgram,
  flagNames,
  isRepeatable,
  isSupported,
  knowsFlag,
  minorsWithFlag,
  parseVersion,
  programTitle,
  replacementOf,
} from '../kubernetes-releases.ts';
import { removedFlagHint } from '../removed-flags.ts';
import { reservedFlag, weakeningReason } from '../reserved-flags.ts';
import type { Rule } from '../rule.ts';

/** Names that are no flags at all are the format's business. */
const wellFormed = ({ name }: DaemonSetting) => /^[a-z0-9][a-zA-Z0-9._-]*$/.test(name);

const unknownFlag: Rule = {
  code: 'unknown-flag',
  check({ spec }, report) {
    const version = parseVersion(spec.kubernetesVersion ?? '');
    if (!version || !isSupported(version)) return;
    for (const { daemon, name, path } of daemonSettings(spec, 'extraArgs').filter(wellFormed)) {
      if (knowsFlag(version, daemon, name)) continue;
      const minors = minorsWithFlag(daemon, name);
      const last = minors.at(-1);
      const since = last === undefined ? '' : last < version.minor ? ` (last in v1.${last})` : ` (first in v1.${minors[0]})`;
      const hint = removedFlagHint(name);
      const meant = hint === undefined && last === undefined ? closestWord(name, flagNames(version, daemon)) : undefined;
      report.error([...path, 'name'], `${programTitle(version, daemon)} has no flag --${name}${since}`, {
        value: name,
        ...(hint !== undefined && { hint }),
        ...(meant !== undefined && { label: `did you mean "${meant}"?` }),
      });
    }
  },
};

const deprecatedFlag: Rule = {
  code: 'deprecated-flag',
  check({ spec }, report) {
    const version = parseVersion(spec.kubernetesVersion ?? '');
    if (!version || !isSupported(version)) return;
    for (const { daemon, name, path } of daemonSettings(spec, 'extraArgs')) {
      // Flags that are refused whatever their value are reported once.
      const reserved = reservedFlag(daemon, name);
      if (!deprecatesFlag(version, daemon, name) || (reserved && !reserved.refuses)) continue;
      const instead = replacementOf(daemon, name);
      report.warning([...path, 'name'], `${programTitle(version, daemon)} calls --${name} deprecated`, {
        value: name,
        ...(instead !== undefined && { hint: `${instead} replaces it` }),
      });
    }
  },
};

const reserved: Rule = {
  code: 'reserved-flag',
  check({ spec }, report) {
    for (const { daemon, name, value, path } of daemonSettings(spec, 'extraArgs')) {
      const flag = reservedFlag(daemon, name);
      if (!flag || (flag.refuses && (value === undefined || !flag.refuses(value)))) continue;
      const subject = flag.refuses ? `--${name}=${value} of ${daemon}` : `--${name} of ${daemon}`;
      report.error([...path, flag.refuses ? 'value' : 'name'], `${subject} cannot be set here: ${flag.reason}`, {
        value: flag.refuses ? value : name,
        ...(flag.instead !== undefined && { hint: `use ${flag.instead}` }),
      });
    }
  },
};

const weakening: Rule = {
  code: 'weakening-flag',
  check({ spec }, report) {
    for (const { daemon, name, value, path } of daemonSettings(spec, 'extraArgs')) {
      const reason = value === undefined ? undefined : weakeningReason(daemon, name, value);
      if (reason !== undefined) report.warning([...path, 'value'], `--${name}=${value} weakens ${daemon}: ${reason}`, { value });
    }
  },
};

const duplicateFlag: Rule = {
  code: 'duplicate-flag',
  check({ spec, lineOf }, report) {
    const first = new Map<string, DocumentPath>();
    for (const { daemon, name, path } of daemonSettings(spec, 'extraArgs')) {
      const key = `${pathText(path.slice(0, -1))} ${name}`;
      const other = first.get(key);
      if (!other) first.set(key, path);
      else if (!isRepeatable(daemon, name))
        report.error([...path, 'name'], `--${name} of ${daemon} is already set (${lineOf(other)}), and the last one would win`, {
          value: name,
        });
    }
  },
};

const duplicateEnvironment: Rule = {
  code: 'duplicate-environment',
  check({ spec, lineOf }, report) {
    const first = new Map<string, DocumentPath>();
    for (const { daemon, name, path } of daemonSettings(spec, 'extraEnvs')) {
      const key = `${daemon} ${name}`;
      const other = first.get(key);
      if (!other) first.set(key, path);
      else report.error([...path, 'name'], `${name} of ${daemon} is already set (${lineOf(other)})`, { value: name });
    }
  },
};

const reservedEnvironment: Rule = {
  code: 'reserved-environment',
  check({ spec }, report) {
    for (const { daemon, name, path } of daemonSettings(spec, 'extraEnvs')) {
      const reason = environmentReason(daemon, name);
      if (reason !== undefined) report.error([...path, 'name'], `${name} of ${daemon} cannot be set here: ${reason}`, { value: name });
    }
  },
};

function environmentReason(daemon: FlaggedProgram, name: string): string | undefined {
  if (
    /^(CREDENTIALS_DIRECTORY|NOTIFY_SOCKET|LISTEN_(PID|FDS|FDNAMES)|INVOCATION_ID|JOURNAL_STREAM|MAINPID|WATCHDOG_(PID|USEC)|(RUNTIME|STATE|CACHE|LOGS|CONFIGURATION)_DIRECTORY)$/.test(
      name,
    )
  )
    return 'systemd sets it';
  if (/^LD_/.test(name)) return 'it changes the program itself';
  // etcd takes every flag from the environment too, and ends when both are given.
  if (daemon === 'etcd' && name.startsWith('ETCD_'))
    return `it is the flag --${name.slice(5).toLowerCase().replaceAll('_', '-')}: use extraArgs`;
  return undefined;
}

export const flagRules: readonly Rule[] = [
  unknownFlag,
  deprecatedFlag,
  reserved,
  weakening,
  duplicateFlag,
  duplicateEnvironment,
  reservedEnvironment,
];
