// image/: everything that a machine image is baked from, and nothing of a node. docs/packer.md
import { createHash } from 'node:crypto';
import { invariant } from '../bug.ts';
import type { ImagePlan } from '../plan/image-plan.ts';
import { type Artifact, bytesOf, PUBLIC_MODE } from './artifact.ts';
import { BAKE_SEED_FILES, bakeSeedIso } from './bake-seed.ts';
import { imageCheckList } from './image-check-list.ts';
import { packerInput } from './packer-input.ts';
import { type RuntimeArchive, runtimeArtifact } from './runtime-archive.ts';

export const IMAGE_PATH = 'image';
/** Digests of all other files of image/ but bake.iso, which holds it: its own digest is that of the image. */
export const IMAGE_SUMS = 'SHA256SUMS';
export const BAKE_ISO = 'bake.iso';

export interface ImageDirectory {
  readonly artifacts: readonly Artifact[];
  /** Hex SHA-256 of image/SHA256SUMS. */
  readonly digest: string;
}

/** @throws Bug when a key stands in it */
export function imageDirectory(plan: ImagePlan, archive: RuntimeArchive): ImageDirectory {
  const own = [
    ...plan.tools.map(({ name, content }) => file(name, content)),
    ...plan.machines.flatMap(machine => [
      file(`programs-${machine.architecture}`, machine.table),
      file(`check-list-${machine.architecture}`, imageCheckList(plan, machine, archive)),
    ]),
    ...Object.entries(BAKE_SEED_FILES).map(([name, content]) => file(name, content)),
  ];
  for (const { path, content } of own) {
    invariant(!/-----BEGIN [A-Z ]*PRIVATE KEY/.test(Buffer.from(content).toString('utf8')), `${path} holds a key`);
  }
  const packer = packerInput(plan);
  const listed = [...own, runtimeArtifact(archive), ...packer].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const sums = file(IMAGE_SUMS, listed.map(({ path, content }) => `${sha256(content)}  ${path.slice(IMAGE_PATH.length + 1)}\n`).join(''));
  const flat = [...listed, sums].filter(({ path }) => path.split('/').length === 2);
  const iso = { path: `${IMAGE_PATH}/${BAKE_ISO}`, mode: PUBLIC_MODE, content: bakeSeedIso(flat) };
  return { artifacts: [...listed, sums, iso], digest: sha256(sums.content) };
}

const PROGRAM_MODE = 0o755;

function file(name: string, content: string): Artifact {
  return { path: `${IMAGE_PATH}/${name}`, mode: content.startsWith('#!') ? PROGRAM_MODE : PUBLIC_MODE, content: bytesOf(content) };
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
