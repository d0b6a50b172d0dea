// The wanted things as they stand in the artifact store, ready to be read; what is not there is named, all at once.
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { ArtifactStore } from '../fetch/artifact-store.ts';
import { fileChunks } from '../formats/byte-stream.ts';
import { FormatError } from '../formats/format-error.ts';
import { finding } from '../inspect/finding.ts';
import { urlOf } from '../pki/pins.ts';
import type { Problem } from '../problem.ts';
import { imageLayout } from './image-layout.ts';
import { MAX_DOCUMENT_BYTES, walkImage } from './walk-image.ts';
import type { Wanted, WantedImage, WantedProgram } from './wanted.ts';

interface Found {
  /** Of what `content` gives. */
  readonly size: number;
  /** Deflating it again would gain nothing. */
  readonly compressed: boolean;
  readonly content: () => AsyncIterable<Uint8Array>;
  /** Where its bytes stand in one file. */
  readonly file?: string;
}

export type FoundProgram = WantedProgram & Found & { readonly sha256: string };
export type FoundImage = WantedImage & Found & { readonly digest: string };

export interface FoundAll {
  readonly programs: readonly FoundProgram[];
  readonly images: readonly FoundImage[];
  readonly problems: readonly Problem[];
}

/** @throws system errors but that something is not there */
export function findInStore(wanted: Wanted, store: ArtifactStore): FoundAll {
  const missing: string[] = [];
  const problems: Problem[] = [];
  const programs = wanted.programs.flatMap((program): FoundProgram[] => {
    const { sha256, source } = program;
    if (sha256 === undefined) return [];
    if (!store.has(sha256)) {
      missing.push(urlOf(source));
      return [];
    }
    const path = store.pathOf(sha256);
    return [{ ...program, sha256, size: statSync(path).size, compressed: isCompressed(path), content: () => fileChunks(path), file: path }];
  });
  const images = wanted.images.flatMap((image): FoundImage[] => {
    if (image.digest === undefined) return [];
    try {
      const found = findImage({ ...image, digest: image.digest }, store);
      if (typeof found !== 'string') return [found];
      missing.push(`${image.image} (${image.architecture}): ${found}`);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      problems.push(
        finding(
          'image-unusable',
          `${image.image} (${image.digest})`,
          error.message,
          'pin the digest of an image for every architecture of the nodes',
        ),
      );
    }
    return [];
  });
  return { programs, images, problems: [...(missing.length > 0 ? [notFetched(missing)] : []), ...problems] };
}

/** @returns the image, or what of it is not in the store. @throws FormatError */
function findImage(image: WantedImage & { readonly digest: string }, store: ArtifactStore): FoundImage | string {
  const walked = walkImage(image.digest, image.architecture, sha256 => readDocument(store, sha256));
  if ('missing' in walked) return `sha256:${walked.missing}`;
  const absent = walked.blobs.filter(({ sha256 }) => !store.has(sha256));
  if (absent.length > 0) return absent.map(({ sha256 }) => `sha256:${sha256}`).join(', ');
  const { size, content } = imageLayout(image.image, walked, store.pathOf);
  const large = walked.blobs.filter(blob => blob.size > MAX_DOCUMENT_BYTES / 4);
  const compressed = large.length > 0 && large.every(({ sha256 }) => isCompressed(store.pathOf(sha256)));
  return { ...image, size, compressed, content };
}

function readDocument(store: ArtifactStore, sha256: string): Uint8Array | undefined {
  if (!store.has(sha256)) return undefined;
  if (statSync(store.pathOf(sha256)).size > MAX_DOCUMENT_BYTES)
    throw new FormatError('too-large', `the blob sha256:${sha256} is too large for what its manifest calls it`);
  return readFileSync(store.pathOf(sha256));
}

const MAGIC_NUMBERS = ['1f8b', '28b52ffd', 'fd377a58'];

/** gzip, zstd or xz, by the first bytes. */
function isCompressed(path: string): boolean {
  const start = Buffer.alloc(4);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, start, 0, start.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return MAGIC_NUMBERS.some(magic => start.toString('hex').startsWith(magic));
}

function notFetched(missing: readonly string[]): Problem {
  return {
    severity: 'error',
    code: 'not-fetched',
    path: [],
    message: `the artifact store lacks ${missing.length} of the programs and images that the bundle is to hold`,
    hint: 'kubekiln fetch brings them; --cache-dir names another store',
    details: missing,
  };
}
