// Programs that lie in a file or a directory, at their upstream address (as wget -x leaves them) or by their base name.
import { createReadStream, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BinaryDownload } from '../plan/node-plan.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { DownloadError } from './download-error.ts';
import { checkDownload } from './fetch-program.ts';
import type { ProgramInStore } from './fetched.ts';
import { keepStream } from './keep-blob.ts';

/** The programs that a file may be: those of other architectures have the same name. */
export function programsNamed(path: string, programs: readonly BinaryDownload[]): readonly BinaryDownload[] {
  return programs.filter(({ source }) => basename(source) === basename(path));
}

/** Where a directory has a program; undefined where it has none. */
export function programIn(directory: string, { source }: BinaryDownload): string | undefined {
  return [join(directory, source), join(directory, basename(source))].find(path => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/** @throws DownloadError for a file that is not this program, which stays where it is; system errors */
export async function takeProgram(
  program: BinaryDownload,
  pinned: string | undefined,
  path: string,
  store: ArtifactStore,
): Promise<ProgramInStore> {
  try {
    checkDownload(program, path);
    const { sha256, size } = await keepStream(store, createReadStream(path), pinned, basename(path));
    return { program, sha256, size, from: path, ...(pinned === undefined && { trusted: 'content' as const }) };
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    throw new DownloadError(`${path}: ${error.message}`, true, { code: error.code });
  }
}
