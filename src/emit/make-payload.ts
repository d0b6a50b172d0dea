// NodePlan → Payload: the index that the installer reads, every file below files/, and one digest over all of it.
import { extname } from 'node:path';
import { renderTemplate } from '../formats/mustache.ts';
import { COMPLETE_ENTRY, completeContent, entryOf, PLAN_ENTRY, payloadDigest } from '../formats/payload-directory.ts';
import type { NodePlan, PlannedFile } from '../plan/node-plan.ts';
import type { Payload, PayloadEntry } from './payload.ts';

/** Absolute places on the node that the carriers share with the installer. */
export interface NodeLayout {
  readonly stateDirectory: string;
  readonly stagingDirectory: string;
  readonly libraryDirectory: string;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** PEM has an alphabet of its own: one block of deflate for all of it. */
const LAST_KINDS = ['.key', '.pub', '.crt'];

/** Files of a kind side by side: gzip finds more to share, and user-data has 16 KB. */
function byKind(files: readonly PlannedFile[]): readonly PlannedFile[] {
  const rank = ({ path }: PlannedFile) => LAST_KINDS.indexOf(extname(path));
  return files.toSorted((a, b) => rank(a) - rank(b) || compare(extname(a.path), extname(b.path)) || compare(a.path, b.path));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * The index, one item per line: `u UID NAME HOME`, `d MODE OWNER PATH` (`p`: made only where missing), `f MODE OWNER UNIT,… PATH`, `b PATH WHAT` (must be there), `k MODULE`,
 * `e UNIT` (enabled). The installer reads it with the shell's `read`, so no value but the last one holds a blank.
 */
export function planText(plan: NodePlan): string {
  const lines = [
    ...plan.users.map(user => `u ${user.uid} ${user.name} ${user.home}`),
    ...plan.directories.map(
      directory => `${directory.keepExisting ? 'p' : 'd'} ${octal(directory.mode)} ${directory.owner} ${directory.path}`,
    ),
    ...plan.files.map(file => `f ${octal(file.mode)} ${file.owner} ${file.restarts.join(',') || '-'} ${file.path}`),
    ...plan.binaries.map(binary => `b ${binary.path} ${binary.description}`),
    ...plan.modules.map(module => `k ${module}`),
    ...plan.units.filter(unit => unit.startedBy === 'boot').map(unit => `e ${unit.name}`),
  ];
  return lines.map(line => `${line}\n`).join('');
}

export function makePayload(plan: NodePlan, layout: NodeLayout): Payload {
  const ordered = { ...plan, files: byKind(plan.files) };
  const index = planText(ordered);
  const contents = new Map(ordered.files.map(file => [entryOf(file.path), file.content]));
  const digest = payloadDigest(index, entry => contents.get(entry));
  const directory = `${layout.stagingDirectory}/${plan.generation}`;
  const files = ordered.files.map(
    (file): PayloadEntry => ({
      path: entryOf(file.path),
      mode: (file.mode & 0o100) === 0 ? 0o600 : 0o700,
      content: file.content,
      part: file.part,
      secret: file.secret,
    }),
  );
  return {
    clusterName: plan.clusterName,
    node: plan.node,
    generation: plan.generation,
    instanceId: `${plan.clusterName}-${plan.node.name}-${plan.instance}`,
    digest,
    directory,
    entries: [
      { path: PLAN_ENTRY, mode: 0o600, content: index, part: 'config', secret: false },
      ...files,
      { path: COMPLETE_ENTRY, mode: 0o600, content: completeContent(digest), part: 'config', secret: false },
    ],
    bootScript: renderTemplate(
      'stage.sh',
      { state: layout.stateDirectory, staging: layout.stagingDirectory, directory, digest, library: layout.libraryDirectory },
      value => value,
    )
      .split('\n')
      .filter(line => !line.startsWith('#'))
      .join('\n'),
  };
}
