// Before a build replaces a directory it must know that nothing in it is anybody else's: a wrong --out-dir would otherwise cost a home directory.
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../problem.ts';
import { about } from './file-system-problem.ts';
import { listTree } from './list-tree.ts';

const NAMED_AT_MOST = 5;

/**
 * What is wrong with replacing this directory: it exists and was not written by a build of this cluster, or holds files that no build wrote.
 * @param display what the user calls it
 */
export function foreignOutput(directory: string, clusterName: string, display: string): Problem | undefined {
  return about(directory, () => {
    const state = lstatSync(directory, { throwIfNoEntry: false });
    if (state === undefined) return undefined;
    if (!state.isDirectory()) return notOurs(`${display} exists and is not a directory`);
    const present = (listTree(directory) ?? []).map(entry => entry.path);
    if (present.length === 0) return undefined;
    const owned = ownedPaths(directory, clusterName);
    if (typeof owned === 'string') return notOurs(`${display} exists and ${owned}`);
    const foreign = present.filter(path => !owned.has(path));
    if (foreign.length === 0) return undefined;
    return notOurs(`${display} holds files that no build wrote, and replacing it would delete them`, foreign);
  });
}

function notOurs(message: string, foreign: readonly string[] = []): Problem {
  const rest = foreign.length - NAMED_AT_MOST;
  return {
    severity: 'error',
    code: 'output-not-ours',
    path: [],
    message,
    hint: foreign.length > 0 ? 'move them elsewhere' : 'choose another directory with --out-dir, or move it away',
    ...(foreign.length > 0 && { details: [...foreign.slice(0, NAMED_AT_MOST), ...(rest > 0 ? [`and ${rest} more`] : [])] }),
  };
}

/** The paths that a build of this cluster wrote, by its manifest; or what speaks against it. */
function ownedPaths(directory: string, clusterName: string): ReadonlySet<string> | string {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
  } catch {
    return 'has no manifest.json of a build';
  }
  const cluster = field(manifest, 'cluster') ?? field(field(manifest, 'metadata'), 'name');
  if (cluster !== clusterName) return `its manifest.json is not one of cluster ${clusterName}`;
  return new Set(['manifest.json', '.gitignore', ...pathsIn(manifest)]);
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** Every `path` that the manifest lists, wherever it stands in it. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = field(value, 'path');
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap(pathsIn)];
}
