import type { BinaryDownload, PlannedImage } from '../plan/node-plan.ts';
import type { Problem } from '../problem.ts';
import type { Architecture } from '../spec/cluster.ts';

/** What a cluster needs, and what its lock says of it. */
export interface FetchOrder {
  readonly programs: readonly BinaryDownload[];
  readonly images: readonly PlannedImage[];
  /** Of the nodes, sorted. */
  readonly architectures: readonly Architecture[];
  /** Hex SHA-256 by source. */
  readonly programDigest: (source: string) => string | undefined;
  /** `sha256:…` by image. */
  readonly imageDigest: (image: string) => string | undefined;
}

/** A program that is in the store now. */
export interface ProgramInStore {
  readonly program: BinaryDownload;
  readonly sha256: string;
  readonly size: number;
  /** `store`, a URL, or the file that was given. */
  readonly from: string;
  /** Nothing pinned its digest: it is what upstream's `.sha256` file, or the bytes that came, said this once. */
  readonly trusted?: 'sha256-file' | 'content';
}

/** An image that is in the store now. */
export interface ImageInStore {
  readonly image: string;
  /** `sha256:…` */
  readonly digest: string;
  readonly architectures: readonly Architecture[];
  readonly size: number;
  /** `store`, the API of a registry, or the archive that was given. */
  readonly from: string;
  /** Nothing pinned its digest. */
  readonly trusted: boolean;
}

export interface FetchResult {
  readonly programs: readonly ProgramInStore[];
  readonly images: readonly ImageInStore[];
  readonly problems: readonly Problem[];
}

/** `kube-apiserver v1.37.1 (amd64)` */
export function programName({ name, version, architecture }: BinaryDownload): string {
  return `${name} ${version} (${architecture})`;
}
