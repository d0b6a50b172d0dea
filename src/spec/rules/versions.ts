import { isSupported, parseVersion, SUPPORTED_MINORS } from '../kubernetes-releases.ts';
import type { Rule } from '../rule.ts';

const unsupportedVersion: Rule = {
  code: 'unsupported-version',
  check({ spec }, report) {
    const version = parseVersion(spec.kubernetesVersion ?? '');
    if (!version || isSupported(version)) return;
    const supported = SUPPORTED_MINORS.map(minor => `v1.${minor}`);
    const newer = version.minor > Math.max(...SUPPORTED_MINORS);
    report.error(['spec', 'kubernetesVersion'], `kubekiln does not know Kubernetes ${version.text}`, {
      value: version.text,
      allowed: supported,
      label: `${supported[0]} to ${supported.at(-1)}${newer ? '; a newer kubekiln may know it' : ''}`,
    });
  },
};

export const versionRules: readonly Rule[] = [unsupportedVersion];
