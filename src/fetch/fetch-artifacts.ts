// The fetch stage: everything that a cluster needs from outside comes into the store, from archives first, the rest from mirrors and registries.
// One failure does not stop the others, but a disk that is full stops all.
import type { RegistryCredential } from '../pki/request.ts';
import type { BinaryDownload, PlannedImage } from '../plan/node-plan.ts';
import type { Problem } from '../problem.ts';
import type { RegistryMirror } from '../spec/cluster.ts';
import { failedWith, fileSystemProblem } from '../write/file-system-problem.ts';
import { type ArtifactStore, prepareStore } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';
import { faultProblem, survivedProblems } from './fault-problem.ts';
import { fetchImage } from './fetch-image.ts';
import { fetchProgram } from './fetch-program.ts';
import { type FetchOrder, type FetchResult, type ImageInStore, type ProgramInStore, programName } from './fetched.ts';
import type { DownloadSettings } from './http-download.ts';
import { parseReference } from './image-reference.ts';
import { type Imported, importSources } from './import-sources.ts';
import { endpointsOf } from './registry-endpoints.ts';
import { slots } from './slots.ts';

export interface FetchSources {
  readonly store: ArtifactStore;
  /** URLs below which programs stand at their upstream addresses, tried in order. */
  readonly mirrors: readonly string[];
  readonly settings: DownloadSettings;
  readonly registries: readonly RegistryMirror[];
  readonly registryCredentials: readonly RegistryCredential[];
  /** Transfers at once. */
  readonly parallel: number;
  readonly watcher: FetchWatcher;
  /** Archives, programs and directories of such, looked through before anybody is asked. */
  readonly from: readonly string[];
  /** Ask nobody. */
  readonly offline: boolean;
}

/** Told of what happens, for a line of progress. */
export interface FetchWatcher {
  bytes(count: number): void;
  /** An archive that is looked through now. */
  reading(path: string): void;
  /** `present`: it had not to be fetched. */
  done(name: string, present: boolean): void;
}

/** @throws system errors other than those of a full disk; bugs */
export async function fetchArtifacts(order: FetchOrder, sources: FetchSources): Promise<FetchResult> {
  const { store, parallel, watcher } = sources;
  prepareStore(store);
  const controller = new AbortController();
  const programs: ProgramInStore[] = [];
  const images: ImageInStore[] = [];
  const problems: Problem[] = [];
  let fatal: unknown;
  const job = async (name: string, work: () => Promise<Came>) => {
    if (controller.signal.aborted) return;
    try {
      const came = await work();
      if (controller.signal.aborted && came.kind === 'nothing') return;
      problems.push(...came.problems);
      if (came.kind === 'program') programs.push(came.program);
      if (came.kind === 'image') images.push(came.image);
      if (came.kind !== 'nothing') watcher.done(name, (came.kind === 'program' ? came.program : came.image).from === 'store');
    } catch (error) {
      fatal ??= error;
      controller.abort();
    }
  };
  const imported = await importSources(sources.from, order, store, watcher.reading).catch((error: unknown) => {
    fatal = error;
    controller.abort();
    return NOTHING_IMPORTED;
  });
  problems.push(...imported.problems);
  const shared: Shared = { ...sources, slot: slots(parallel), signal: controller.signal, imported };
  await Promise.all([
    ...order.programs.map(program => job(programName(program), () => bringProgram(program, order, shared))),
    ...order.images.map(planned => job(planned.image, () => bringImage(planned, order, shared))),
  ]);
  if (fatal !== undefined) problems.push(stoppedProblem(fatal, missingOf(order, programs, images)));
  const place = new Map(order.programs.map(({ source }, index) => [source, index]));
  const rank = new Map(order.images.map(({ image }, index) => [image, index]));
  return {
    programs: programs.toSorted((a, b) => (place.get(a.program.source) ?? 0) - (place.get(b.program.source) ?? 0)),
    images: images.toSorted((a, b) => (rank.get(a.image) ?? 0) - (rank.get(b.image) ?? 0)),
    problems: problems.toSorted((a, b) => (a.message < b.message ? -1 : 1)),
  };
}

interface Shared extends FetchSources {
  readonly slot: <T>(work: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
  readonly imported: Imported;
}

const NOBODY_ASKED = new DownloadError('--offline: nobody was asked', true);

const NOTHING_IMPORTED: Imported = { programs: new Map(), images: new Map(), faults: new Map(), problems: [] };

type Came = { readonly problems: readonly Problem[] } & (
  | { readonly kind: 'program'; readonly program: ProgramInStore }
  | { readonly kind: 'image'; readonly image: ImageInStore }
  | { readonly kind: 'nothing' }
);

async function bringProgram(program: BinaryDownload, order: FetchOrder, shared: Shared): Promise<Came> {
  const { store, settings, watcher, slot, signal, imported, offline } = shared;
  const found = imported.programs.get(program.source);
  if (found) return { kind: 'program', program: found, problems: [] };
  const mirrors = offline ? [] : shared.mirrors;
  const before = [...(imported.faults.get(program.source) ?? []), ...(offline ? [NOBODY_ASKED] : [])];
  const source = { store, mirrors, settings: { ...settings, signal }, onBytes: watcher.bytes };
  const name = programName(program);
  const came = await slot(() => fetchProgram(program, order.programDigest(program.source), source));
  if (!('sha256' in came)) {
    const hint = `put https://${program.source} on a mirror, at its address without https:// (wget -x does), or give it with --from`;
    return { kind: 'nothing', problems: [faultProblem(name, [...before, ...came.faults], hint)] };
  }
  const { faults: later, ...rest } = came;
  const faults = [...before, ...later];
  return { kind: 'program', program: { program, ...rest }, problems: survivedProblems(name, rest.from, faults) };
}

async function bringImage({ image }: PlannedImage, order: FetchOrder, shared: Shared): Promise<Came> {
  const { store, registries, registryCredentials, watcher, slot, signal, imported, offline } = shared;
  const { architectures } = order;
  const found = imported.images.get(image);
  if (found) return { kind: 'image', image: found, problems: [] };
  const before = [...(imported.faults.get(image) ?? []), ...(offline ? [NOBODY_ASKED] : [])];
  const endpoints = offline ? [] : endpointsOf(parseReference(image).registry, registries, registryCredentials);
  const source = { store, endpoints, architectures, slot, onBytes: watcher.bytes, signal };
  const hint = 'name a registry that has it in registries.mirrors, or give an archive of it with --from';
  try {
    const came = await fetchImage(image, order.imageDigest(image), source);
    if (!('digest' in came)) return { kind: 'nothing', problems: [faultProblem(image, [...before, ...came.faults], hint)] };
    const { digest, size, from, trusted, moved, faults } = came;
    const problems = [
      ...survivedProblems(image, from, [...before, ...faults]),
      ...(moved === undefined ? [] : [movedProblem(image, digest, moved)]),
    ];
    return { kind: 'image', image: { image, digest, architectures, size, from, trusted }, problems };
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    return { kind: 'nothing', problems: [faultProblem(image, [...before, error], hint)] };
  }
}

function movedProblem(image: string, digest: string, moved: string): Problem {
  return {
    severity: 'warning',
    code: 'tag-moved',
    path: [],
    message: `${image} leads to ${moved} now; what cluster.lock.yaml pins was fetched`,
    hint: `to take the new one: kubekiln images pin --image ${image}=${moved}`,
    value: digest,
  };
}

/** A disk that is full, or cannot be written, ends all transfers: whatever is complete stays. */
function stoppedProblem(error: unknown, missing: readonly string[]): Problem {
  const problem = fileSystemProblem(error);
  if (problem === undefined) throw error;
  const full = failedWith(error, 'ENOSPC', 'EDQUOT');
  const hint = 'free some space there, or choose another directory with --cache-dir; what is complete stays, and halves are continued';
  return { ...problem, ...(full && { hint, details: missing.map(name => `missing: ${name}`) }) };
}

function missingOf({ programs, images }: FetchOrder, hereP: readonly ProgramInStore[], hereI: readonly ImageInStore[]): readonly string[] {
  return [
    ...programs.filter(({ source }) => !hereP.some(({ program }) => program.source === source)).map(programName),
    ...images.map(({ image }) => image).filter(image => !hereI.some(one => one.image === image)),
  ];
}
