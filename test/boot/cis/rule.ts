// The form of a rule, and the words that the tables of rules are written in.
import { argumentOf, dataDirectories, type Facts } from './facts.ts';

/** What the benchmark's command would print, stderr included; undefined when it would end with an error. */
export type Audit = (facts: Facts) => string | undefined;

export interface Comparison {
  readonly operator: 'equals' | 'differs' | 'at least' | 'contains' | 'lacks' | 'only' | 'mode at most';
  readonly value: string;
}

/** One look at what the audit printed. */
export interface Look {
  /** Searched as a substring. */
  readonly flag: string;
  /** Looked up in the process's environment when the flag is not there. */
  readonly environment?: string;
  /** Keys, with dots between, looked up in the configuration file when the flag is not there. */
  readonly path?: string;
  /** False: it must not be there. */
  readonly present: boolean;
  readonly comparison?: Comparison;
}

export interface Rule {
  readonly id: string;
  /** A broken automated rule is a FAIL, a broken manual one a WARN. */
  readonly kind: 'automated' | 'manual';
  readonly wants: string;
  /** Without one a person must look: always WARN. */
  readonly audit?: Audit;
  /** Path of the configuration file that the daemon reads beside its flags; one that is not there says nothing. */
  readonly configuration?: string;
  /** `each line`: every line of the output must satisfy each look. */
  readonly reads: 'whole output' | 'each line';
  /** How the looks' answers are joined. */
  readonly join: 'all' | 'any';
  readonly looks: readonly Look[];
}

type Form = Partial<Pick<Rule, 'reads' | 'join' | 'configuration'>>;

/** A rule over what `audit` prints. */
export function rule(id: string, kind: Rule['kind'], wants: string, audit: Audit, looks: readonly Look[], form: Form = {}): Rule {
  return { id, kind, wants, audit, looks, reads: 'whole output', join: 'all', ...form };
}

/** A rule that no program decides. */
export function judgement(id: string, wants: string): Rule {
  return { id, kind: 'manual', wants, reads: 'whole output', join: 'all', looks: [] };
}

export const has = (flag: string, comparison?: Comparison): Look => ({ flag, present: true, ...(comparison && { comparison }) });
export const hasNot = (flag: string): Look => ({ flag, present: false });
export const equals = (flag: string, value: string) => has(flag, { operator: 'equals', value });
export const differs = (flag: string, value: string) => has(flag, { operator: 'differs', value });
export const atLeast = (flag: string, value: number) => has(flag, { operator: 'at least', value: String(value) });
export const contains = (flag: string, value: string) => has(flag, { operator: 'contains', value });
export const lacks = (flag: string, value: string) => has(flag, { operator: 'lacks', value });
export const only = (flag: string, values: readonly string[]) => has(flag, { operator: 'only', value: values.join(',') });

/** The same look, that reads the variable when the flag is not there. */
export const orVariable = (look: Look, environment: string): Look => ({ ...look, environment });

/** The same look, that reads the configuration file when the flag is not there. */
export const orSetting = (look: Look, path: string): Look => ({ ...look, path });

/** `ps -fC NAME`: the processes of that program. */
export function processesOf(name: string): Audit {
  return facts => {
    const found = facts.processes.filter(line => commandOf(line)?.split('/').at(-1) === name);
    return found.length === 0 ? undefined : found.join('\n');
  };
}

/** What stands behind UID, PID, PPID, C, STIME, TTY and TIME, up to the first space. */
function commandOf(line: string): string | undefined {
  return line.trim().split(/\s+/)[7];
}

/** `ps -ef | grep WORD | grep -v grep`: a substring match over all processes, in the order of their ids. */
export function processLines(word: string): Audit {
  return facts => {
    const found = facts.processes.filter(line => line.includes(word) && !line.includes('grep'));
    return found.length === 0 ? undefined : found.join('\n');
  };
}

/** `stat -c permissions=%a` or `stat -c %U:%G` of these paths; one that is missing is an error. */
export function stat(what: 'mode' | 'owner', ...paths: readonly string[]): Audit {
  return facts => statAll(facts, what, paths);
}

/** The same of everything below a directory, itself included, or of the files there whose names end so; none is an error. */
export function statBelow(what: 'mode' | 'owner', directory: string, ending?: string): Audit {
  return facts => {
    const paths = [...facts.files.keys()].filter(path => path === directory || path.startsWith(`${directory}/`));
    return statAll(facts, what, ending === undefined ? paths : paths.filter(path => path.endsWith(ending)));
  };
}

/** The same of a unit file and of everything in its directory of drop-ins: the benchmark takes the first that is there. */
export function statUnit(what: 'mode' | 'owner', path: string): Audit {
  return facts => statAll(facts, what, [path, ...[...facts.files.keys()].filter(file => file.startsWith(`${path}.d/`))]);
}

/** The same of the CA of kubelet's clients: the one on a command line that speaks of kubelets, or else `path`. One that is missing is no error. */
export function statClientAuthority(what: 'mode' | 'owner', path: string): Audit {
  return facts => {
    const others = facts.processes.filter(line => line.includes('kubelet') && !line.includes('apiserver'));
    const file = argumentOf(others, 'kubelet', '--client-ca-file') ?? path;
    return facts.files.has(file) ? statAll(facts, what, [file]) : '';
  };
}

/** The same of etcd's data directory. */
export function statDataDirectory(what: 'mode' | 'owner'): Audit {
  return facts => statAll(facts, what, dataDirectories(facts.processes));
}

/** The same of what network plugins left, which may be nothing: the kubelet's flag that the benchmark also looks for is gone since v1.24. */
export function statNetworkFiles(what: 'mode' | 'owner'): Audit {
  return facts => {
    const found = [...facts.files].filter(([path, { type }]) => path.startsWith('/var/lib/cni/networks/') && type === 'file');
    return found.length === 0
      ? ''
      : statAll(
          facts,
          what,
          found.map(([path]) => path),
        );
  };
}

/** `provider=<name>`, of the line below the last `providers:` of the encryption configuration; nothing when it cannot be read. */
export function lastProvider(facts: Facts): string {
  const path = argumentOf(facts.processes, 'kube-apiserver', '--encryption-provider-config');
  const text = (path === undefined ? undefined : facts.contents.get(path)) ?? '';
  const after = text.split('\n').filter((line, index, all) => line.includes('providers:') || all[index - 1]?.includes('providers:'));
  return (after.at(-1)?.match(/[A-Za-z]+/g) ?? []).map(word => `provider=${word}`).join('\n');
}

function statAll({ files }: Facts, what: 'mode' | 'owner', paths: readonly string[]): string | undefined {
  const found = paths.map(path => files.get(path)).filter(file => file !== undefined);
  if (found.length === 0 || found.length < paths.length) return undefined;
  return found.map(file => (what === 'mode' ? `permissions=${file.mode}` : file.owner)).join('\n');
}
