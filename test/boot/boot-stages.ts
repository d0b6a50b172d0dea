// The stages of a first boot, told from a host's disk alone: on a running host to choose a moment, after a cut to say where it fell.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const STAGES = [
  'cloud-init, before write_files',
  'inside write_files',
  'installer: checks',
  'installer: new files beside the old',
  'installer: inside the moves',
  'installer: system, adoption',
  'cloud-init, after the installer',
  "daemons' first minutes",
] as const;
export type Stage = (typeof STAGES)[number];

const STATE = 'var/lib/kubekiln';
const NEW = '.kubekiln-new';

export interface Places {
  /** Below the root, in the payload's order. */
  readonly staged: readonly string[];
  readonly final: readonly string[];
}

/** Where a payload's files are staged and where they go, from its plan. */
export function placesOf(plan: string, generation: number): Places {
  const final = plan.split('\n').flatMap(line => (line.startsWith('f ') ? [line.split(' ').slice(3).join(' ').slice(1)] : []));
  const directory = `${STATE}/payload/${generation}`;
  return { staged: [`${directory}/plan`, ...final.map(path => `${directory}/files/${path}`), `${directory}/.complete`], final };
}

export interface Progress {
  readonly stage: Stage;
  /** How many files of that stage are done, where it has files. */
  readonly files: number;
}

/** What the disk says. `since` is the time of the last power-on, in milliseconds: cloud-init's end counts only after it. */
export function progressOf(host: { readonly root: string }, places: Places, since: number): Progress {
  const has = (path: string) => existsSync(join(host.root, path));
  if (has(`${STATE}/current`)) {
    const finished = stampOf(join(host.root, 'var/lib/cloud/data/result.json')) >= since;
    return { stage: finished ? "daemons' first minutes" : 'cloud-init, after the installer', files: 0 };
  }
  const staged = count(places.staged, has);
  if (staged === 0) return { stage: 'cloud-init, before write_files', files: 0 };
  if (!has(`${STATE}/payload/1/.complete`)) return { stage: 'inside write_files', files: staged };
  const beside = count(places.final, path => has(path + NEW));
  const moved = count(places.final, has);
  if (has(`${STATE}/applying`)) {
    return moved < places.final.length || beside > 0
      ? { stage: 'installer: inside the moves', files: moved }
      : { stage: 'installer: system, adoption', files: 0 };
  }
  return beside > 0 ? { stage: 'installer: new files beside the old', files: beside } : { stage: 'installer: checks', files: 0 };
}

function count(paths: readonly string[], is: (path: string) => boolean): number {
  return paths.reduce((sum, path) => sum + (is(path) ? 1 : 0), 0);
}

function stampOf(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
