// Reads what an audit printed the way kube-bench does, with its traps: flags are substrings, the first hit in the whole output counts, and an audit that
// prints nothing or fails is a broken rule; what stands in a configuration file counts only where the command line is silent. https://github.com/aquasecurity/kube-bench/blob/main/docs/controls.md
import { parseYaml } from '../../../src/formats/yaml.ts';
import type { Facts } from './facts.ts';
import type { Comparison, Look, Rule } from './rule.ts';

export type Verdict = 'PASS' | 'FAIL' | 'WARN';

/** Rule id to verdict, in the rules' order. */
export function evaluate(rules: readonly Rule[], facts: Facts): ReadonlyMap<string, Verdict> {
  return new Map(rules.map(rule => [rule.id, verdictOf(rule, facts)]));
}

function verdictOf(rule: Rule, facts: Facts): Verdict {
  return satisfied(rule, facts) ? 'PASS' : rule.kind === 'automated' ? 'FAIL' : 'WARN';
}

function satisfied(rule: Rule, facts: Facts): boolean {
  const output = rule.audit?.(facts);
  if (output === undefined) return false;
  const configuration = rule.configuration === undefined ? undefined : facts.contents.get(rule.configuration);
  const texts = rule.reads === 'each line' ? output.split('\n') : [output];
  const answers = rule.looks.map(look => answer(look, texts, configuration, facts));
  return rule.join === 'any' ? answers.includes(true) : !answers.includes(false);
}

function answer(look: Look, texts: readonly string[], configuration: string | undefined, facts: Facts): boolean {
  const values = texts.map(text => flagValue(look, text));
  if (values.some(value => value !== undefined)) return values.every(value => holds(look, value));
  if (look.path !== undefined && configuration) {
    const { value, problems } = parseYaml(configuration);
    return problems.length === 0 && holds(look, settingAt(value, look.path));
  }
  return holds(look, look.environment === undefined ? undefined : variable(facts.etcdEnvironment, look.environment));
}

/** What a JSON path prints: nothing of what is missing, lists with commas. */
function settingAt(document: unknown, path: string): string | undefined {
  const found = path
    .split('.')
    .reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined), document);
  return found === undefined ? undefined : String(found) || undefined;
}

function holds(look: Look, value: string | undefined): boolean {
  if (!look.present) return value === undefined;
  return value !== undefined && (look.comparison === undefined || compare(look.comparison, value));
}

/** What stands behind the flag, `true` behind a bare `--flag`, undefined without the flag. */
function flagValue({ flag, comparison }: Look, text: string): string | undefined {
  const start = text.indexOf(flag);
  if (start < 0) return undefined;
  const rest = text.slice(start + flag.length);
  const joined = /^(?:=|: *)*(\S*)/.exec(rest)?.[1];
  if (joined) return joined;
  const apart = comparison === undefined ? undefined : /^\s+([^\s-]\S*)/.exec(rest)?.[1];
  return apart ?? (flag.startsWith('--') ? 'true' : flag);
}

function variable(environment: readonly string[], name: string): string | undefined {
  return environment.find(line => line.startsWith(`${name}=`))?.slice(name.length + 1) || undefined;
}

function compare({ operator, value: wanted }: Comparison, value: string): boolean {
  switch (operator) {
    case 'equals':
      return plain(value) === wanted;
    case 'differs':
      return plain(value) !== wanted;
    case 'contains':
      return value.includes(wanted);
    case 'lacks':
      return !value.includes(wanted);
    case 'at least':
      return /^[+-]?\d+$/.test(value) && Number(value) >= Number(wanted);
    case 'only':
      return elements(value).length > 0 && elements(value).every(element => elements(wanted).includes(element));
    case 'mode at most':
      return /^[0-7]+$/.test(value) && (Number.parseInt(value, 8) & ~Number.parseInt(wanted, 8)) === 0;
  }
}

/** Booleans are compared whatever their case. */
function plain(value: string): string {
  return /^(true|false)$/i.test(value) ? value.toLowerCase() : value;
}

function elements(value: string): readonly string[] {
  return value
    .replace(/,+$/, '')
    .split(',')
    .map(element => element.trim())
    .filter(Boolean);
}
