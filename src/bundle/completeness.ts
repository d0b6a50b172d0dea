// What a cluster needs and a bundle lacks, each with what refers to it.
import { finding } from '../inspect/finding.ts';
import { urlOf } from '../pki/pins.ts';
import type { Problem } from '../problem.ts';
import type { Architecture } from '../spec/cluster.ts';
import type { Entry, FileEntry, ImageEntry } from './bundle-index.ts';
import type { ImageReference } from './image-references.ts';
import type { Wanted, WantedImage, WantedProgram } from './wanted.ts';

/**
 * @param entries of the bundle whose members are there and right
 * @returns one problem for each thing that is missing, or another than the lock pins
 */
export function missingOf(bundle: string, wanted: Wanted, entries: readonly Entry[]): readonly Problem[] {
  const problem = (message: string) =>
    finding('bundle-incomplete', bundle, message, 'kubekiln fetch, then kubekiln bundle create, make it anew');
  return [
    ...runtimeProblem(wanted, entries).map(problem),
    ...wanted.programs.flatMap(program => programProblem(program, entries)).map(problem),
    ...wanted.images.flatMap(image => imageProblem(image, entries)).map(problem),
  ];
}

function runtimeProblem({ runtime }: Wanted, entries: readonly Entry[]): readonly string[] {
  const held = entries.filter(entry => entry.kind === 'runtime');
  if (held.some(({ sha256 }) => sha256 === runtime.digest)) return [];
  const [other] = held;
  const instead = other === undefined ? 'it holds none' : `it holds ${other.name}, of another cluster.yaml or another kubekiln`;
  return [`the runtime archive of this cluster, ${runtime.name}, is missing: ${instead}; every node needs it`];
}

function programProblem({ source, sha256, usedBy }: WantedProgram, entries: readonly Entry[]): readonly string[] {
  const held = entries.find((entry): entry is FileEntry => entry.kind === 'file' && entry.source === source);
  if (held === undefined) return [`${urlOf(source)} is missing; it is needed for ${usedBy}`];
  if (sha256 === undefined || held.sha256 === sha256) return [];
  return [`${urlOf(source)} has the SHA-256 ${held.sha256}, and cluster.lock.yaml pins ${sha256}; it is needed for ${usedBy}`];
}

function imageProblem({ image, architecture, digest, usedBy }: WantedImage, entries: readonly Entry[]): readonly string[] {
  const held = heldImage(entries, image, architecture);
  if (held === undefined) return [`the image ${image} for ${architecture} is missing; ${usedBy} refers to it`];
  if (digest === undefined || held.digest === digest) return [];
  return [`the image ${image} for ${architecture} is ${held.digest}, and cluster.lock.yaml pins ${digest}; ${usedBy} refers to it`];
}

function heldImage(entries: readonly Entry[], image: string, architecture: Architecture): ImageEntry | undefined {
  return entries.find(
    (entry): entry is ImageEntry => entry.kind === 'image' && entry.name === image && entry.architecture === architecture,
  );
}

/** Images that the runtime archive names, and the bundle lacks for an architecture that it is for. @param known those that were looked for already */
export function missingReferences(
  bundle: string,
  references: readonly ImageReference[],
  entries: readonly Entry[],
  architectures: readonly Architecture[],
  known: ReadonlySet<string>,
): readonly Problem[] {
  return references
    .filter(({ image }) => !known.has(image))
    .flatMap(({ image, file }) =>
      architectures
        .filter(architecture => heldImage(entries, image, architecture) === undefined)
        .map(architecture =>
          finding(
            'bundle-incomplete',
            bundle,
            `the image ${image} for ${architecture} is missing; ${file} of the runtime archive refers to it`,
          ),
        ),
    );
}
