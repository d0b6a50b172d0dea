// Ways to break a node, as data.
import type { DaemonName } from '../../../src/spec/cluster.ts';
import type { Facts, FileFact } from './facts.ts';

/** A change of what stands on a command line, or of the encryption configuration: made in the facts only. */
export type FactChange =
  /** Without a value the argument is removed. */
  | { readonly kind: 'argument'; readonly daemon: DaemonName; readonly flag: string; readonly value?: string }
  | { readonly kind: 'provider'; readonly to: string };

/** A change of files, which a host can be asked to make. */
export type FileChange =
  | { readonly kind: 'mode'; readonly path: string; readonly mode: string }
  | { readonly kind: 'owner'; readonly path: string; readonly owner: string }
  /** Empty, 600, root's. */
  | { readonly kind: 'new files'; readonly paths: readonly string[] };

export type Change = FactChange | FileChange;

export function isFileChange(change: Change): change is FileChange {
  return change.kind !== 'argument' && change.kind !== 'provider';
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

function withFile(facts: Facts, path: string, fact: Partial<FileFact>): Facts {
  const before = facts.files.get(path) ?? { mode: '', owner: '', type: 'file' };
  return { ...facts, files: new Map([...facts.files, [path, { ...before, ...fact }]]) };
}
