// Changes of files, really made on a host and taken back at once.
import { dirname } from 'node:path';
import type { Host } from '../host.ts';
import { type Change, changedFacts, type FileChange, isFileChange } from './change.ts';
import { dataDirectories, type Facts, gatherFiles } from './facts.ts';

/** Facts of the host with these changes: files are changed there, looked at and restored in one script; the rest is changed in the facts. */
export async function factsWith(host: Host, facts: Facts, changes: readonly Change[]): Promise<Facts> {
  const inFiles = changes.filter(isFileChange);
  const others = changedFacts(
    facts,
    changes.filter(change => !isFileChange(change)),
  );
  if (inFiles.length === 0) return others;
  const undo = inFiles.map(change => undoing(change, facts)).reverse();
  const files = await gatherFiles(host, dataDirectories(facts.processes), inFiles.map(making).join('\n'), undo.join('\n'));
  return { ...others, files };
}

function making(change: FileChange): string {
  switch (change.kind) {
    case 'mode':
      return `chmod ${change.mode} ${change.path}`;
    case 'owner':
      return `chown ${change.owner} ${change.path}`;
    case 'new files':
      return change.paths.map(path => `mkdir -p ${dirname(path)}; (umask 077; : > ${path})`).join('\n');
  }
}

function undoing(change: FileChange, facts: Facts): string {
  if (change.kind === 'new files') {
    return change.paths.map(path => `rm -f ${path}; rmdir -p --ignore-fail-on-non-empty ${dirname(path)} 2>/dev/null || :`).join('\n');
  }
  const before = facts.files.get(change.path);
  // What a change before this one made is removed by that one.
  return before === undefined ? '' : `chown ${before.owner} ${change.path}; chmod ${before.mode} ${change.path}`;
}
