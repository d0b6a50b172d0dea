// Ways to break a node, as data.
import { dumpYaml, parseYaml } from '../../../src/formats/yaml.ts';
import type { DaemonName } from '../../../src/spec/cluster.ts';
import type { Facts, FileFact } from './facts.ts';

export type Program = DaemonName | 'kubelet' | 'kube-proxy';

/** A change of what stands on a command line or in a configuration file: made in the facts only. */
export type FactChange =
  /** Without a value the argument is removed. */
  | { readonly kind: 'argument'; readonly daemon: Program; readonly flag: string; readonly value?: string }
  | { readonly kind: 'provider'; readonly to: string }
  /** Keys with dots between, in a YAML file; without a value the last one is removed. */
  | { readonly kind: 'setting'; readonly file: string; readonly path: string; readonly value?: unknown };

/** A change of files, which a host can be asked to make. */
export type FileChange =
  | { readonly kind: 'mode'; readonly path: string; readonly mode: string }
  | { readonly kind: 'owner'; readonly path: string; readonly owner: string }
  /** Empty, 600, root's. */
  | { readonly kind: 'new files'; readonly paths: readonly string[] };

export type Change = FactChange | FileChange;

export function isFileChange(change: Change): change is FileChange {
  return change.kind === 'mode' || change.kind === 'owner' || change.kind === 'new files';
}

/** The facts as they would be after the changes. */
export function changedFacts(facts: Facts, changes: readonly Change[]): Facts {
  return changes.reduce(changed, facts);
}

function changed(facts: Facts, change: Change): Facts {
  switch (change.kind) {
    case 'argument':
      return { ...facts, processes: facts.processes.map(line => changedLine(line, change)) };
    case 'provider':
      return { ...facts, contents: new Map([...facts.contents].map(([path, text]) => [path, firstProvider(text, change.to)])) };
    case 'setting': {
      const text = dumpYaml(withSetting(parseYaml(facts.contents.get(change.file) ?? '').value, change.path.split('.'), change.value));
      return { ...facts, contents: new Map([...facts.contents, [change.file, text]]) };
    }
    case 'mode':
      return withFile(facts, change.path, { mode: change.mode });
    case 'owner':
      return withFile(facts, change.path, { owner: change.owner });
    case 'new files':
      return change.paths.reduce((all, path) => withFile(all, path, { mode: '600', owner: 'root:root', type: 'file' }), facts);
  }
}

function changedLine(line: string, { daemon, flag, value }: Extract<Change, { kind: 'argument' }>): string {
  if (!new RegExp(`/${daemon} `).test(line)) return line;
  const without = line.split(' ').filter(word => word !== flag && !word.startsWith(`${flag}=`));
  return [...without, ...(value === undefined ? [] : [`${flag}=${value}`])].join(' ');
}

function firstProvider(text: string, name: string): string {
  return text.replaceAll(/(providers:\n\s*- )\w+/g, `$1${name}`);
}

function withSetting(document: unknown, [key = '', ...deeper]: readonly string[], value: unknown): object {
  const entries = Object.entries(document ?? {});
  const before: unknown = entries.find(([name]) => name === key)?.[1];
  const others = entries.filter(([name]) => name !== key);
  const after = deeper.length === 0 ? value : withSetting(before, deeper, value);
  return Object.fromEntries(after === undefined ? others : [...others, [key, after]]);
}

function withFile(facts: Facts, path: string, fact: Partial<FileFact>): Facts {
  const before = facts.files.get(path) ?? { mode: '', owner: '', type: 'file' };
  return { ...facts, files: new Map([...facts.files, [path, { ...before, ...fact }]]) };
}
