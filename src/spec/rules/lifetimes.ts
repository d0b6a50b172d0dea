import { durationText, parseDuration } from '../duration.ts';
import { firstGiven, type Rule, type SpecDraft } from '../rule.ts';

const HOUR = 3600;

/** Bounds in seconds, where zero or a slip of the unit would make a cluster that cannot live. */
const BOUNDS = {
  certificateValidityPeriod: { least: 600, most: 20 * 8766 * HOUR },
  caCertificateValidityPeriod: { least: HOUR, most: 100 * 8766 * HOUR },
  notBeforeSkew: { least: 0, most: 8766 * HOUR },
  bootstrapWindow: { least: 60, most: 8766 * HOUR },
  bootstrapPatience: { least: 0, most: 720 * HOUR },
  addressWait: { least: 0, most: 24 * HOUR },
  clockWait: { least: 0, most: 24 * HOUR },
} as const satisfies Partial<Record<keyof SpecDraft, { least: number; most: number }>>;

type LifetimeKey = keyof typeof BOUNDS;

function seconds(spec: SpecDraft, key: LifetimeKey): number | undefined {
  const text = spec[key];
  return text === undefined ? undefined : parseDuration(text);
}

const durationOutOfRange: Rule = {
  code: 'duration-out-of-range',
  check({ spec }, report) {
    for (const key of Object.keys(BOUNDS) as LifetimeKey[]) {
      const value = seconds(spec, key);
      const { least, most } = BOUNDS[key];
      if (value !== undefined && (value < least || value > most))
        report.error(['spec', key], `spec.${key} must be between ${durationText(least)} and ${durationText(most)}`, { value: spec[key] });
    }
  },
};

const leafOutlivesCa: Rule = {
  code: 'leaf-outlives-ca',
  check(input, report) {
    const leaf = seconds(input.spec, 'certificateValidityPeriod');
    const authority = seconds(input.spec, 'caCertificateValidityPeriod');
    if (leaf === undefined || authority === undefined || leaf <= authority) return;
    const path = firstGiven(input, ['spec', 'certificateValidityPeriod'], ['spec', 'caCertificateValidityPeriod']);
    report.error(path, `certificates (${durationText(leaf)}) would outlive the authority that signs them (${durationText(authority)})`, {
      hint: `caCertificateValidityPeriod is ten times as long by default`,
    });
  },
};

const windowOutlivesLeaf: Rule = {
  code: 'window-outlives-leaf',
  check(input, report) {
    const leaf = seconds(input.spec, 'certificateValidityPeriod');
    const window = seconds(input.spec, 'bootstrapWindow');
    if (leaf === undefined || window === undefined || window <= leaf) return;
    const path = firstGiven(input, ['spec', 'bootstrapWindow'], ['spec', 'certificateValidityPeriod']);
    report.warning(
      path,
      `nodes may boot for ${durationText(window)} (bootstrapWindow), but their certificates end after ${durationText(leaf)}`,
    );
  },
};

export const lifetimeRules: readonly Rule[] = [durationOutOfRange, leafOutlivesCa, windowOutlivesLeaf];
