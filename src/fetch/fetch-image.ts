// An image from the first registry that has the right one.
import { createHash } from 'node:crypto';
import type { Architecture } from '../spec/cluster.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';
import { ACCEPT, type Descriptor, MAX_DOCUMENT_BYTES, parseDocument } from './image-documents.ts';
import { type ImageReference, parseReference } from './image-reference.ts';
import { keepBytes, rejectBytes } from './keep-blob.ts';
import { receive } from './receive.ts';
import type { Endpoint } from './registry-endpoints.ts';
import { type RegistrySession, readAll, registrySession } from './registry-session.ts';
import { retrying } from './retrying.ts';
import { hexOf, lyingSize, storedImage, type WalkedImage, walkImage } from './walk-image.ts';

export interface RegistrySource {
  readonly store: ArtifactStore;
  readonly endpoints: readonly Endpoint[];
  readonly architectures: readonly Architecture[];
  /** Runs a transfer when it is its turn. */
  readonly slot: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onBytes?: (count: number) => void;
  readonly signal?: AbortSignal;
}

export interface FetchedImage extends WalkedImage {
  /** `store`, or the API that it came from: `https://registry.k8s.io/v2`. */
  readonly from: string;
  /** Nothing pinned its digest: it is what the tag led to. */
  readonly trusted: boolean;
  /** What the tag leads to now, where that is not what is pinned. */
  readonly moved?: string;
  readonly faults: readonly DownloadError[];
}

/** @param pinned `sha256:…`. @returns what came, or each server's reason. @throws system errors of the store; DownloadError for an image that is not usable */
export async function fetchImage(
  image: string,
  pinned: string | undefined,
  source: RegistrySource,
): Promise<FetchedImage | { readonly faults: readonly DownloadError[] }> {
  const { store, endpoints, architectures, signal } = source;
  const stored = pinned === undefined ? undefined : await storedImage(store, pinned, architectures);
  if (stored) return { ...stored, from: 'store', trusted: false, faults: [] };
  const reference = parseReference(image);
  const faults: DownloadError[] = [];
  for (const endpoint of endpoints) {
    try {
      return { ...(await fromEndpoint(reference, pinned, endpoint, source)), faults };
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      const { code, status, hint } = error;
      const about = { code: status === 404 ? ('image-not-found' as const) : code, status, ...(hint !== undefined && { hint }) };
      faults.push(new DownloadError(`${endpoint.base}/${reference.repository}: ${error.message}`, true, about));
      if (signal?.aborted === true) break;
    }
  }
  return { faults };
}

async function fromEndpoint(
  reference: ImageReference,
  pinned: string | undefined,
  endpoint: Endpoint,
  source: RegistrySource,
): Promise<Omit<FetchedImage, 'faults'>> {
  const { store, architectures, slot, signal } = source;
  const session = registrySession(endpoint, reference.repository, signal);
  const again = <T>(work: () => Promise<T>) => slot(() => retrying(work, undefined, signal));
  const digest = pinned ?? (await again(() => resolveTag(session, reference.tag ?? '', store)));
  const walked = await walkImage(store, digest, architectures, {
    document: async (wanted, size) => {
      if (!store.has(hexOf(wanted))) await again(() => fetchDocument(session, wanted, size, store));
    },
    blob: async descriptor => {
      if (!store.has(hexOf(descriptor.digest))) await slot(() => fetchBlob(session, descriptor, source));
    },
  });
  const now = pinned === undefined || reference.tag === undefined ? undefined : await again(() => tagDigest(session, reference.tag ?? ''));
  return {
    ...walked,
    from: endpoint.base,
    trusted: pinned === undefined,
    ...(now !== undefined && now !== digest && { moved: now }),
  };
}

/** @returns `sha256:…` of what stands in the store then */
async function resolveTag(session: RegistrySession, tag: string, store: ArtifactStore): Promise<string> {
  const response = await session.request(`manifests/${tag}`, { headers: { accept: ACCEPT } });
  const bytes = await readAll(response, MAX_DOCUMENT_BYTES);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const stated = response.headers['docker-content-digest'];
  if (typeof stated === 'string' && stated.startsWith('sha256:') && stated !== digest)
    throw rejectBytes(store, bytes, /^sha256:[0-9a-f]{64}$/.test(stated) ? hexOf(stated) : 'unknown', 'manifest.json');
  parseDocument(bytes, response.headers['content-type']);
  keepBytes(store, bytes);
  return digest;
}

async function fetchDocument(session: RegistrySession, digest: string, size: number | undefined, store: ArtifactStore): Promise<void> {
  const response = await session.request(`manifests/${digest}`, { headers: { accept: ACCEPT } });
  const bytes = await readAll(response, MAX_DOCUMENT_BYTES);
  if (createHash('sha256').update(bytes).digest('hex') !== hexOf(digest)) throw rejectBytes(store, bytes, hexOf(digest), 'manifest.json');
  if (size !== undefined && bytes.length !== size) throw lyingSize({ mediaType: '', digest, size }, bytes.length);
  parseDocument(bytes, response.headers['content-type']);
  keepBytes(store, bytes);
}

async function fetchBlob(session: RegistrySession, { digest, size }: Descriptor, source: RegistrySource): Promise<void> {
  const { store, onBytes, signal } = source;
  const url = `${session.endpoint.base}/${session.repository}/blobs/${digest}`;
  const received = await receive(
    { name: 'blob', url, sha256: hexOf(digest), size },
    { store, open: headers => session.request(`blobs/${digest}`, { headers }), ...(onBytes && { onBytes }), ...(signal && { signal }) },
  );
  if (received.size !== size) throw lyingSize({ mediaType: '', digest, size }, received.size);
}

/** Undefined where the server does not say, or has the tag no more. */
async function tagDigest(session: RegistrySession, tag: string): Promise<string | undefined> {
  try {
    const response = await session.request(`manifests/${tag}`, { method: 'HEAD', headers: { accept: ACCEPT } });
    response.resume();
    const stated = response.headers['docker-content-digest'];
    return typeof stated === 'string' ? stated : undefined;
  } catch (error) {
    if (error instanceof DownloadError) return undefined;
    throw error;
  }
}
