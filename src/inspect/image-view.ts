// out/<cluster>/image, or a copy of it on a build machine: its files beside what SHA256SUMS says of them, and bake.iso, which holds the flat ones.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BAKE_ISO, IMAGE_SUMS } from '../emit/image-directory.ts';
import { FormatError } from '../formats/format-error.ts';
import { readIso } from '../formats/iso9660-reader.ts';
import { MAX_ARTIFACT_BYTES } from './carrier.ts';
import { listFiles, readDiskFile } from './disk.ts';
import type { CarriedFile } from './payload-view.ts';

export interface ImageView {
  /** Hex SHA-256 of SHA256SUMS: the digest of the image. */
  readonly digest: string;
  readonly files: readonly CarriedFile[];
  /** What differs, as a path relative to the directory and a sentence. */
  readonly deviations: readonly { readonly path: string; readonly deviation: string }[];
}

/** `<digest>  <path>`, as sha256sum writes it. */
const SUM = /^([0-9a-f]{64}) {2}([A-Za-z0-9._/-]+)$/;

/** @throws FormatError when its SHA256SUMS cannot be read; system errors (see finding.ts) */
export function viewImage(directory: string): ImageView {
  let total = 0;
  const files = listFiles(directory).map((path): CarriedFile => {
    const { mode, bytes } = readDiskFile(join(directory, path), MAX_ARTIFACT_BYTES - total, false);
    total += bytes.length;
    return { path, mode, content: bytes };
  });
  const contents = new Map(files.map(({ path, content }) => [path, content]));
  const sums = contents.get(IMAGE_SUMS) ?? new Uint8Array();
  const listed = sumsOf(sums);
  const deviations = [...listed].flatMap(([path, digest]) => {
    const content = contents.get(path);
    if (content === undefined) return [{ path, deviation: `${IMAGE_SUMS} lists it, but it is not there` }];
    return sha256(content) === digest ? [] : [{ path, deviation: `it is not what ${IMAGE_SUMS} lists` }];
  });
  const strange = files.filter(({ path }) => !listed.has(path) && path !== IMAGE_SUMS && path !== BAKE_ISO);
  return {
    digest: sha256(sums),
    files,
    deviations: [
      ...deviations,
      ...strange.map(({ path }) => ({ path, deviation: `${IMAGE_SUMS} does not list it` })),
      ...isoDeviations(contents),
    ],
  };
}

function sumsOf(bytes: Uint8Array): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const line of Buffer.from(bytes).toString('utf8').split('\n').slice(0, -1)) {
    const [, digest, path] = SUM.exec(line) ?? [];
    if (digest === undefined || path === undefined)
      throw new FormatError('damaged', `${IMAGE_SUMS} holds a line that is no digest and path`);
    sums.set(path, digest);
  }
  if (sums.size === 0) throw new FormatError('truncated', `${IMAGE_SUMS} lists nothing`);
  return sums;
}

function isoDeviations(contents: ReadonlyMap<string, Uint8Array>): ImageView['deviations'] {
  const iso = contents.get(BAKE_ISO);
  if (iso === undefined) return [];
  const inside = new Map(readIso(iso).files.map(({ path, content }) => [path, content]));
  const flat = [...contents].filter(([path]) => !path.includes('/') && path !== BAKE_ISO);
  const other = flat.find(([path, content]) => !Buffer.from(inside.get(path) ?? new Uint8Array()).equals(content));
  return other === undefined ? [] : [{ path: BAKE_ISO, deviation: `it does not hold ${other[0]} as it stands beside it` }];
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
