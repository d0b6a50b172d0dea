// What cluster.lock.yaml pins by digest: the programs and the images that come from outside.
import type { Problem } from '../problem.ts';
import type { Lock } from './lock-file.ts';

const SCHEME = 'https://';

/** Hex SHA-256 by source, the upstream address without its scheme. */
export function binaryDigests(lock: Pick<Lock, 'binaries'> | undefined): ReadonlyMap<string, string> {
  return new Map((lock?.binaries ?? []).map(({ url, sha256 }) => [url.slice(SCHEME.length), sha256]));
}

/** What `planCluster` wants to know: hex SHA-256 by the source of a download, `sha256:…` by the name of an image. */
export function pinnedDigests(lock: Lock | undefined, images: readonly string[]): ReadonlyMap<string, string> {
  const ofImages = images.flatMap(image => {
    const digest = imageDigest(lock, image);
    return digest === undefined ? [] : [[image, digest] as const];
  });
  return new Map([...binaryDigests(lock), ...ofImages]);
}

export function urlOf(source: string): string {
  return SCHEME + source;
}

/** `sha256:…` of an image, from its own name or from the lock. */
export function imageDigest(lock: Lock | undefined, image: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? lock?.images?.find(one => one.image === image)?.digest;
}

/**
 * @param sources of all downloads that nodes will make
 * @param hint who knows the digests
 */
export function missingBinaryDigests(
  sources: Iterable<string>,
  lock: Pick<Lock, 'binaries'> | undefined,
  hint = 'kubekiln images pin reads the mirror, and writes what it has into cluster.lock.yaml',
): readonly Problem[] {
  const known = binaryDigests(lock);
  const missing = [...new Set(sources)].filter(source => !known.has(source));
  if (missing.length === 0) return [];
  return [
    {
      severity: 'error',
      code: 'digest-missing',
      path: [],
      message: `cluster.lock.yaml pins no SHA-256 of ${missing.length} of the files that nodes need`,
      hint,
      details: missing.map(urlOf),
    },
  ];
}

/** For nodes that take images from a bundle, by their digests. */
export function missingImageDigests(images: readonly string[], lock: Lock | undefined): readonly Problem[] {
  const missing = withoutDigest(images, lock);
  if (missing.length === 0) return [];
  const message = `cluster.lock.yaml pins no digest of ${missing.length} of the images that nodes need`;
  return [{ severity: 'error', code: 'digest-missing', path: [], message, hint: FETCH, details: missing }];
}

/** Whoever fetches for a bundle pins as well. */
export const FETCH = 'kubekiln fetch brings them, and writes their digests into cluster.lock.yaml';

function withoutDigest(images: Iterable<string>, lock: Lock | undefined): readonly string[] {
  return [...new Set(images)].filter(image => imageDigest(lock, image) === undefined);
}

/** For --locked: an image without a digest is whatever its registry says on the day. */
export function unpinnedImages(images: Iterable<string>, lock: Lock | undefined): readonly Problem[] {
  return withoutDigest(images, lock).map(image => ({
    severity: 'error',
    code: 'image-not-pinned',
    path: [],
    message: `--locked, but cluster.lock.yaml pins no digest of ${image}`,
    hint: `kubekiln images pin --image ${image}=sha256:…`,
  }));
}
