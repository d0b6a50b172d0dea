// Wanted images out of archives: those of one architecture each make one image together.
import type { Architecture } from '../spec/cluster.ts';
import type { ArchiveImage } from './archive-images.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';
import type { ImageInStore } from './fetched.ts';
import { type Descriptor, MEDIA } from './image-documents.ts';
import { canonicalImage } from './image-reference.ts';
import { keepBytes } from './keep-blob.ts';
import { storedImage, walkImage } from './walk-image.ts';

/** What archives gave for one wanted image so far. */
export interface ImageOffer {
  readonly image: string;
  readonly pinned: string | undefined;
  /** Manifests in the store by architecture, the first that came. */
  readonly parts: Map<Architecture, Descriptor>;
  /** Topmost digests, in the order in which they came. */
  readonly digests: string[];
  /** Names of the archives that held it. */
  readonly from: string[];
  readonly faults: DownloadError[];
}

/** Whether an archive's image is the wanted one, by name or by what the lock pins. */
export function isOffered({ image, pinned }: ImageOffer, { names, digest }: ArchiveImage): boolean {
  const wanted = canonicalImage(image);
  return (digest !== undefined && digest === pinned) || (wanted !== undefined && names.includes(wanted));
}

/** Brings what an archive has of a wanted image into the store. @throws FormatError, system errors of the store */
export async function takeOffer(
  offer: ImageOffer,
  found: ArchiveImage,
  archive: string,
  architectures: readonly Architecture[],
  store: ArtifactStore,
): Promise<void> {
  const fault = (error: unknown) => {
    if (!(error instanceof DownloadError)) throw error;
    const { code, hint } = error;
    offer.faults.push(new DownloadError(`${archive}: ${error.message}`, true, { code, ...(hint !== undefined && { hint }) }));
  };
  offer.from.push(archive);
  try {
    const { digest, source } = await found.open();
    offer.digests.push(digest);
    for (const architecture of architectures) {
      if (offer.parts.has(architecture)) continue;
      const { parts } = await walkImage(store, digest, [architecture], source);
      for (const { manifest } of parts) offer.parts.set(architecture, manifest);
    }
  } catch (error) {
    fault(error);
  }
}

/** The image, when archives gave all of it; a fault joins those of the offer when they gave something else. @throws system errors of the store */
export async function settleOffer(
  offer: ImageOffer,
  architectures: readonly Architecture[],
  store: ArtifactStore,
): Promise<ImageInStore | undefined> {
  const { image, pinned, parts, digests, from, faults } = offer;
  const made = architectures.every(one => parts.has(one)) && architectures.length > 1 ? [madeIndex(parts, architectures, store)] : [];
  for (const digest of [...digests, ...made]) {
    if (pinned !== undefined && digest !== pinned) continue;
    const stored = await storedImage(store, digest, architectures).catch(error => {
      // an archive of one architecture, which is no fault while others bring the rest
      if (error instanceof DownloadError) return undefined;
      throw error;
    });
    if (stored) return { image, digest, architectures, size: stored.size, from: from.join(', '), trusted: pinned === undefined };
  }
  const other = digests.filter(digest => digest !== pinned);
  if (pinned !== undefined && other.length > 0 && !digests.includes(pinned)) {
    const hint = 'an archive of docker save has another digest than the registry: to take it, delete the entry in cluster.lock.yaml';
    faults.push(
      new DownloadError(`${from.join(', ')}: it holds ${other.join(', ')}, not ${pinned}`, true, { code: 'digest-mismatch', hint }),
    );
  }
  return undefined;
}

/** `sha256:…` of an index of these manifests, which is in the store then. */
function madeIndex(parts: ReadonlyMap<Architecture, Descriptor>, architectures: readonly Architecture[], store: ArtifactStore): string {
  const manifests = architectures.flatMap(architecture => {
    const part = parts.get(architecture);
    return part ? [{ mediaType: part.mediaType, digest: part.digest, size: part.size, platform: { architecture, os: 'linux' } }] : [];
  });
  return `sha256:${keepBytes(store, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests })))}`;
}
