import { pathText } from '../../document-path.ts';
import type { DocumentPath } from '../../problem.ts';
import { lineColumn } from '../../source-text.ts';
import type { Report, Rule, RuleInput } from '../rule.ts';
import { isMapping } from '../schema-walk.ts';
import { namedAddons } from './addons.ts';
import { namedParts } from './user-data-parts.ts';

/** Keys that name a file beside cluster.yaml, with the kind that must stand in it. */
const FILES = {
  auditPolicyFile: { kind: 'Policy', group: 'audit.k8s.io' },
  authenticationConfigurationFile: { kind: 'AuthenticationConfiguration', group: 'apiserver.config.k8s.io' },
  admissionControlConfigFile: { kind: 'AdmissionConfiguration', group: 'apiserver.config.k8s.io' },
  tracingConfigFile: { kind: 'TracingConfiguration', group: 'apiserver.config.k8s.io' },
  egressSelectorConfigFile: { kind: 'EgressSelectorConfiguration', group: 'apiserver.k8s.io' },
} as const;
type FileKey = keyof typeof FILES;

function namedFiles({ spec, badTexts }: RuleInput): readonly { key: FileKey; name: string; path: DocumentPath }[] {
  return (Object.keys(FILES) as FileKey[]).flatMap(key => {
    const name = spec.apiServer?.[key];
    const bad = badTexts.some(({ text }) => text.path.at(-1) === key);
    return name === undefined || bad ? [] : [{ key, name, path: ['spec', 'apiServer', key] }];
  });
}

function authorityFiles({ spec, badTexts }: RuleInput): readonly { name: string; path: DocumentPath }[] {
  const ofRegistries = Object.entries(spec.registries?.mirrors ?? {}).map(([registry, mirror]) => ({
    name: mirror?.caFile,
    path: ['spec', 'registries', 'mirrors', registry, 'caFile'],
  }));
  return [...ofRegistries, { name: spec.downloads?.caFile, path: ['spec', 'downloads', 'caFile'] }].flatMap(({ name, path }) => {
    const bad = badTexts.some(({ text }) => pathText(text.path) === pathText(path));
    return name === undefined || bad ? [] : [{ name, path }];
  });
}

function missing(name: string): string {
  return `${JSON.stringify(name)} does not exist beside cluster.yaml, or cannot be read`;
}

const missingFile: Rule = {
  code: 'file-missing',
  check(input, report) {
    for (const { name, path } of [...namedFiles(input), ...authorityFiles(input), ...namedParts(input)])
      if (input.siblings.read(name).text === undefined) report.error(path, missing(name), { value: name });
    for (const { name, index } of namedAddons(input))
      if (input.siblings.list(name) === undefined && input.siblings.manifest(name) === undefined)
        report.error(['spec', 'addons', index], missing(name), { value: name });
  },
};

const unusableFile: Rule = {
  code: 'file-unusable',
  check(input, report) {
    for (const { name, path } of authorityFiles(input)) {
      const { text } = input.siblings.read(name);
      if (text !== undefined && !holdsOnlyCertificates(text))
        report.error(path, `${name} is not made of certificates in PEM, and of nothing else`, { value: name });
    }
    for (const { key, name, path } of namedFiles(input)) {
      const { text, findings, parsed } = input.siblings.read(name);
      if (text === undefined) continue;
      const fault = findings.find(finding => finding.severity === 'error') ?? parsed?.problem;
      if (fault) {
        const { line, column } = lineColumn(text, fault.offset);
        report.error(path, `${name}:${line}:${column}: ${fault.message}`, { value: name });
      } else kindOf(parsed?.value, key, name, path, report);
    }
  },
};

/** Whatever else stands in the file (a key, above all) would go to every node. */
function holdsOnlyCertificates(text: string): boolean {
  const withoutComments = text.replace(/^#.*$/gm, '');
  return /^(\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----)+\s*$/.test(withoutComments);
}

function kindOf(value: unknown, key: FileKey, name: string, path: DocumentPath, report: Report): void {
  const { kind, group } = FILES[key];
  const document = isMapping(value) ? value : {};
  if (document.kind === kind && String(document.apiVersion).startsWith(`${group}/`)) return;
  report.error(path, `${name} is not a document of kind ${kind} (${group})`, { value: name });
}

const auditPolicyTwice: Rule = {
  code: 'audit-policy-twice',
  check({ isGiven }, report) {
    if (isGiven(['spec', 'apiServer', 'auditPolicy']) && isGiven(['spec', 'apiServer', 'auditPolicyFile']))
      report.error(['spec', 'apiServer', 'auditPolicyFile'], 'the audit policy is given twice: auditPolicy and auditPolicyFile', {
        mark: 'key',
      });
  },
};

const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'];

const badAuditPolicy: Rule = {
  code: 'bad-audit-policy',
  check(input, report) {
    const inline = input.spec.apiServer?.auditPolicy;
    const root = ['spec', 'apiServer', 'auditPolicy'];
    if (inline)
      for (const { path, message } of policyFaults(inline))
        report.error(input.isGiven([...root, ...path]) ? [...root, ...path] : root, message, path.length === 0 ? { mark: 'key' } : {});
    const file = namedFiles(input).find(({ key }) => key === 'auditPolicyFile');
    const policy = file && input.siblings.read(file.name).parsed;
    if (!file || !isMapping(policy?.value) || policy.value.kind !== 'Policy') return;
    for (const { path, message } of policyFaults(policy.value)) {
      const { line, column } = lineColumn(input.siblings.read(file.name).text ?? '', policy.positions.valueRange(path)?.start ?? 0);
      report.error(file.path, `${file.name}:${line}:${column}: ${message}`);
    }
  },
};

/** What kube-apiserver would refuse: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/ */
function policyFaults(policy: Readonly<Record<string, unknown>>): readonly { path: DocumentPath; message: string }[] {
  if (policy.apiVersion !== 'audit.k8s.io/v1' || policy.kind !== 'Policy') {
    const path = policy.apiVersion !== 'audit.k8s.io/v1' ? 'apiVersion' : 'kind';
    return [{ path: Object.hasOwn(policy, path) ? [path] : [], message: 'an audit policy has apiVersion audit.k8s.io/v1 and kind Policy' }];
  }
  const { rules } = policy;
  if (!Array.isArray(rules) || rules.length === 0)
    return [
      { path: Object.hasOwn(policy, 'rules') ? ['rules'] : [], message: 'an audit policy needs rules: without any, nothing is logged' },
    ];
  return rules.flatMap((rule: unknown, index) => {
    const level = isMapping(rule) ? rule.level : undefined;
    if (typeof level === 'string' && LEVELS.includes(level)) return [];
    return [
      {
        path: isMapping(rule) && Object.hasOwn(rule, 'level') ? ['rules', index, 'level'] : ['rules', index],
        message: `a rule has a level: ${LEVELS.join(', ')}`,
      },
    ];
  });
}

export const fileRules: readonly Rule[] = [missingFile, unusableFile, auditPolicyTwice, badAuditPolicy];
