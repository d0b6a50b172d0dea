import type { Rule } from '../rule.ts';

export const MIRRORED = ['runtime', 'binaries'] as const;

const mirrorWithoutUrl: Rule = {
  code: 'mirror-without-url',
  check({ spec, isGiven }, report) {
    for (const part of MIRRORED) {
      if (spec[part]?.source !== 'mirror' || isGiven(['spec', part, 'url']) || (spec[part]?.urls ?? []).length > 0) continue;
      report.error(['spec', part, 'source'], `spec.${part} comes from a mirror, but none is named`, {
        hint: `${part}: {source: mirror, url: https://mirror.example.com/k8s}`,
      });
    }
  },
};

export const downloadRules: readonly Rule[] = [mirrorWithoutUrl];
