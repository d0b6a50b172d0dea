// What --from names: programs and archives of images, looked through before anybody is asked.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FormatError, type FormatFault } from '../formats/format-error.ts';
import type { Problem, ProblemCode } from '../problem.ts';
import { openArchive } from './archive-file.ts';
import { imagesOf } from './archive-images.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';
import type { FetchOrder, ImageInStore, ProgramInStore } from './fetched.ts';
import { type ImageOffer, isOffered, settleOffer, takeOffer } from './import-images.ts';
import { programIn, programsNamed, takeProgram } from './import-programs.ts';
import { withUnpacked } from './unpack-archive.ts';
import { storedImage } from './walk-image.ts';

export interface Imported {
  /** By source. */
  readonly programs: ReadonlyMap<string, ProgramInStore>;
  /** By image. */
  readonly images: ReadonlyMap<string, ImageInStore>;
  /** Why something that was there could not be taken, by source or image. */
  readonly faults: ReadonlyMap<string, readonly DownloadError[]>;
  readonly problems: readonly Problem[];
}

const ARCHIVE = /\.(tar|tar\.gz|tgz)$/;
const CODES: Readonly<Record<FormatFault, ProblemCode>> = {
  truncated: 'artifact-damaged',
  damaged: 'artifact-damaged',
  unsafe: 'artifact-unsafe',
  'too-large': 'artifact-too-large',
  unsupported: 'artifact-unsupported',
};

/** @param paths as the operator wrote them. @throws system errors */
export async function importSources(
  paths: readonly string[],
  order: FetchOrder,
  store: ArtifactStore,
  reading: (path: string) => void,
): Promise<Imported> {
  const programs = new Map<string, ProgramInStore>();
  const images = new Map<string, ImageInStore>();
  const faults = new Map<string, DownloadError[]>();
  const problems: Problem[] = [];
  const wanted = order.programs.filter(({ source }) => !store.has(order.programDigest(source) ?? ''));
  const offers = await offersOf(order, store);

  for (const path of paths) {
    const directory = statSync(path).isDirectory();
    const files = directory
      ? readdirSync(path)
          .sort()
          .map(name => join(path, name))
      : [path];
    let used = false;
    const take = async (program: (typeof wanted)[number], file: string): Promise<boolean> => {
      if (programs.has(program.source)) return true;
      try {
        programs.set(program.source, await takeProgram(program, order.programDigest(program.source), file, store));
        return true;
      } catch (error) {
        if (!(error instanceof DownloadError)) throw error;
        faults.set(program.source, [...(faults.get(program.source) ?? []), error]);
        return false;
      }
    };
    if (directory) {
      for (const program of wanted) {
        const file = programIn(path, program);
        if (file !== undefined) used = (await take(program, file)) || used;
      }
    } else for (const program of programsNamed(path, wanted)) used = (await take(program, path)) || used;
    const isProgram = (file: string) => programsNamed(file, order.programs).length > 0;
    for (const file of files.filter(one => !isProgram(one) && (!directory || ARCHIVE.test(one)))) {
      reading(file);
      try {
        used = (await importArchive(file, offers, order, store)) || used;
      } catch (error) {
        if (error instanceof FormatError) problems.push(archiveProblem(file, CODES[error.fault], error.message));
        else if (error instanceof DownloadError) problems.push(archiveProblem(file, error.code, error.message));
        else throw error;
        used = true;
      }
    }
    const named = files.some(isProgram) || directory;
    if (!used && (!named || faults.size === 0)) problems.push(unusedProblem(path));
  }
  for (const offer of offers) {
    const settled = await settleOffer(offer, order.architectures, store);
    if (settled) images.set(offer.image, settled);
    else if (offer.faults.length > 0) faults.set(offer.image, offer.faults);
  }
  return { programs, images, faults, problems };
}

/** For each image that the store does not have. */
async function offersOf({ images, imageDigest, architectures }: FetchOrder, store: ArtifactStore): Promise<readonly ImageOffer[]> {
  const offers: ImageOffer[] = [];
  for (const { image } of images) {
    const pinned = imageDigest(image);
    const stored = pinned === undefined ? undefined : await storedImage(store, pinned, architectures).catch(ignoreUnusable);
    if (!stored) offers.push({ image, pinned, parts: new Map(), digests: [], from: [], faults: [] });
  }
  return offers;
}

/** What is pinned is no image for these nodes: whoever would fetch it says so. */
function ignoreUnusable(error: unknown): undefined {
  if (!(error instanceof DownloadError)) throw error;
}

/** @returns whether anything wanted is in it. @throws FormatError, DownloadError, system errors */
async function importArchive(path: string, offers: readonly ImageOffer[], order: FetchOrder, store: ArtifactStore): Promise<boolean> {
  return withUnpacked(store, path, async unpacked => {
    const archive = openArchive(unpacked, path);
    let used = false;
    for (const found of imagesOf(archive, store)) {
      for (const offer of offers.filter(one => isOffered(one, found))) {
        used = true;
        await takeOffer(offer, found, path, order.architectures, store);
      }
    }
    return used;
  });
}

function archiveProblem(path: string, code: ProblemCode, message: string): Problem {
  return { severity: 'error', code, path: [], message: `${path}: ${message}`, hint: 'nothing of it was taken that is not checked' };
}

function unusedProblem(path: string): Problem {
  return {
    severity: 'warning',
    code: 'archive-unused',
    path: [],
    message: `${path} holds nothing that the cluster still needs`,
    hint: 'kubekiln images list names what it needs; images are matched by their names in the archive',
  };
}
