// A program from the first mirror that has the right one.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { BinaryDownload } from '../plan/node-plan.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';
import { checkArchive, checkProgram } from './elf.ts';
import { type DownloadSettings, open } from './http-download.ts';
import { statedDigest, urlOn } from './read-digests.ts';
import { receive } from './receive.ts';

export interface ProgramSource {
  readonly store: ArtifactStore;
  /** URLs below which programs stand at their upstream addresses, tried in order. */
  readonly mirrors: readonly string[];
  readonly settings: DownloadSettings;
  readonly onBytes?: (count: number) => void;
}

export interface FetchedProgram {
  readonly sha256: string;
  readonly size: number;
  /** `store`, or the URL that it came from. */
  readonly from: string;
  /** Nothing pinned its digest: it is what `<url>.sha256`, or the file itself, said. */
  readonly trusted?: 'sha256-file' | 'content';
  /** What mirrors before it gave instead. */
  readonly faults: readonly DownloadError[];
}

/** @returns what came, or each mirror's reason. @throws system errors of the store */
export async function fetchProgram(
  program: BinaryDownload,
  pinned: string | undefined,
  source: ProgramSource,
): Promise<FetchedProgram | { readonly faults: readonly DownloadError[] }> {
  const { store, mirrors } = source;
  if (pinned !== undefined && store.has(pinned)) return { sha256: pinned, size: sizeOf(store, pinned), from: 'store', faults: [] };
  const faults: DownloadError[] = [];
  for (const mirror of mirrors) {
    const url = urlOn(mirror, program.source);
    try {
      return { ...(await fromMirror(program, pinned, url, source)), faults };
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      const { code, hint, status } = error;
      faults.push(new DownloadError(`${url}: ${error.message}`, error.final, { code, status, ...(hint !== undefined && { hint }) }));
      if (source.settings.signal?.aborted === true) break;
    }
  }
  return { faults };
}

async function fromMirror(
  program: BinaryDownload,
  pinned: string | undefined,
  url: string,
  { store, settings, onBytes }: ProgramSource,
): Promise<Omit<FetchedProgram, 'faults'>> {
  const stated = pinned === undefined ? await statedDigest(url, settings) : undefined;
  const sha256 = pinned ?? stated;
  const received = await receive(
    { name: basename(program.source), url, ...(sha256 !== undefined && { sha256 }), check: path => checkDownload(program, path) },
    {
      store,
      open: headers => open(url, settings, headers),
      ...(onBytes && { onBytes }),
      ...(settings.signal && { signal: settings.signal }),
    },
  );
  const { size, present } = received;
  const trusted = pinned !== undefined ? {} : { trusted: stated === undefined ? ('content' as const) : ('sha256-file' as const) };
  return { sha256: received.sha256, size, from: present ? 'store' : url, ...trusted };
}

/** @throws DownloadError for a file of another kind, or for another machine; system errors */
export function checkDownload({ member, architecture }: BinaryDownload, path: string): void {
  if (member === undefined) checkProgram(path, architecture);
  else checkArchive(path);
}

export function sizeOf(store: ArtifactStore, sha256: string): number {
  return statSync(store.pathOf(sha256)).size;
}
