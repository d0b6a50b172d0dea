// `kubekiln bundle create`: reads the artifact store, writes the bundle, all in streams. The file gets its name when all of it is on the disk.

import { createHash } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chunksOf, handled, lookAtFile, observed, tally } from '../formats/byte-stream.ts';
import { FormatError } from '../formats/format-error.ts';
import { finding } from '../inspect/finding.ts';
import type { Problem } from '../problem.ts';
import { syncDirectory } from '../write/atomic-file.ts';
import { undoWhenInterrupted } from '../write/cleanup.ts';
import { named } from '../write/file-system-problem.ts';
import { newName } from '../write/temporary-names.ts';
import { type Encoding, type Entry, INDEX_MEMBER, SBOM_MEMBER, SUMS_MEMBER, titleOf, writeIndex } from './bundle-index.ts';
import { appendZstd, CompressorError, encode, encoderName } from './encode.ts';
import type { FoundAll } from './from-store.ts';
import { imageMember, programMember, runtimeMember } from './member-names.ts';
import { writeSbom } from './sbom.ts';
import { type Sum, writeSums } from './sums.ts';
import type { Wanted } from './wanted.ts';
import { type ArchiveWriter, archiveWriter, type HeadMember, LARGEST_MEMBER, MEMBER_MODE, type Stored } from './write-archive.ts';

export interface CreateInput {
  readonly runtime: Wanted['runtime'];
  readonly found: Pick<FoundAll, 'programs' | 'images'>;
  /** For what is not compressed already. */
  readonly encoding: Encoding;
  /** kubekiln's own version. */
  readonly version: string;
  readonly progress: (doing: string) => void;
}

/** Something to be written: its entry lacks only the digest that reading it gives. */
interface Part {
  readonly entry: Entry;
  readonly content: () => AsyncIterable<Uint8Array>;
  readonly file?: string;
  /** What its content must have; absent where that is not known before. */
  readonly expected?: string;
}

export interface Created {
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

/**
 * @param path of the bundle; the caller holds its lock
 * @param beforeNaming gets the complete file under its temporary name
 * @throws system errors that name `path`
 */
export async function createBundle(
  path: string,
  input: CreateInput,
  beforeNaming: (temporary: string) => Promise<Problem | undefined>,
): Promise<Created | Problem> {
  const parts = partsOf(input);
  const tooLarge = parts.find(({ entry }) => entry.size > LARGEST_MEMBER - 2 ** 27);
  if (tooLarge) return finding('artifact-too-large', titleOf(tooLarge.entry), 'a bundle holds nothing of more than 8 GB');
  const temporary = newName(path);
  const remove = () => rmSync(temporary, { force: true });
  const done = undoWhenInterrupted(remove);
  try {
    remove();
    const written = await writeParts(temporary, parts, input);
    if ('code' in written) return written;
    const problem = await beforeNaming(temporary);
    if (problem) return problem;
    renameSync(temporary, path);
    syncDirectory(dirname(path));
    return written;
  } catch (error) {
    throw named(error, path);
  } finally {
    remove();
    done();
  }
}

async function writeParts(temporary: string, parts: readonly Part[], input: CreateInput): Promise<Created | Problem> {
  const file = await open(temporary, 'wx+', 0o600);
  const stored: Promise<Sum>[] = [];
  try {
    const placeholders = parts.map(({ entry }): Sum => ({ member: entry.member, sha256: '0'.repeat(64) }));
    const writer = archiveWriter(
      temporary,
      file,
      headOf(
        parts.map(({ entry }) => entry),
        placeholders,
        input,
      ),
    );
    const total = parts.reduce((sum, { entry }) => sum + entry.size, 0);
    let before = 0;
    const entries: Entry[] = [];
    for (const part of parts) {
      const { entry, expected } = part;
      const seen = tally();
      const look = (chunk: Uint8Array) => {
        seen.look(chunk);
        input.progress(`${percent(before + seen.size(), total)} packing ${titleOf(entry)}`);
      };
      const sum = await store(writer, part, look).catch(error => unusable(entry, error));
      if ('code' in sum) return sum;
      const sha256 = seen.sha256();
      if (seen.size() !== entry.size || (expected !== undefined && sha256 !== expected))
        return notWhatItWas(entry, 'it has other bytes than its digest says');
      entries.push({ ...entry, sha256 });
      stored.push(handled(sum.sha256.then(digest => ({ member: entry.member, sha256: digest }))));
      before += entry.size;
    }
    await writer.finish(headOf(entries, await Promise.all(stored), input));
    await complete(file);
    return { entries, bytes: writer.size() };
  } finally {
    // they read the file
    await Promise.allSettled(stored);
    await file.close();
  }
}

/** Adds a part in its encoding. @param look sees what `content` gives */
async function store(writer: ArchiveWriter, { entry, content, file }: Part, look: (chunk: Uint8Array) => void): Promise<Stored> {
  const { member, encoding } = entry;
  if (encoding !== 'zst') return writer.add(member, encode(observed(content(), look), encoding));
  if (file === undefined) return writer.addAppended(member, descriptor => appendZstd(observed(content(), look), descriptor));
  return writer.addAppended(member, async descriptor => {
    const watched = handled(watch(file, look));
    await appendZstd(file, descriptor);
    await watched;
  });
}

async function watch(path: string, look: (chunk: Uint8Array) => void): Promise<void> {
  const file = await open(path, 'r');
  try {
    await lookAtFile(file, 0, (await file.stat()).size, look);
  } finally {
    await file.close();
  }
}

async function complete(file: FileHandle): Promise<void> {
  // whatever the umask
  await file.chmod(MEMBER_MODE);
  await file.sync();
}

const NO_ZSTD_NEEDED = 'mend that and run it again, or leave --compress zstd out: gzip needs no program';

function unusable(entry: Entry, error: unknown): Problem {
  if (error instanceof FormatError) return notWhatItWas(entry, error.message);
  if (error instanceof CompressorError) return finding('program-failed', titleOf(entry), error.message, NO_ZSTD_NEEDED);
  throw error;
}

function notWhatItWas(entry: Entry, message: string): Problem {
  return finding('artifact-damaged', `${titleOf(entry)} in the artifact store`, message, 'delete it there, then run kubekiln fetch');
}

function percent(done: number, total: number): string {
  return `${Math.floor((100 * done) / Math.max(total, 1))
    .toString()
    .padStart(3)} %`;
}

function partsOf({ runtime, found, encoding }: CreateInput): readonly Part[] {
  const taken = new Set<string>();
  const encodingOf = (compressed: boolean): Encoding => (compressed ? '-' : encoding);
  const unknown = '0'.repeat(64);
  const programs = found.programs.map((program): Part => {
    const { architecture, source, sha256, size, compressed, content, file } = program;
    const member = programMember(architecture, source, sha256, taken, encodingOf(compressed));
    taken.add(member);
    return {
      entry: { kind: 'file', sha256, size, member, encoding: encodingOf(compressed), source },
      content,
      ...(file !== undefined && { file }),
      expected: sha256,
    };
  });
  const images = found.images.map(({ architecture, image, digest, size, compressed, content }): Part => {
    const member = imageMember(architecture, image, digest, encodingOf(compressed));
    return {
      entry: { kind: 'image', sha256: unknown, size, member, encoding: encodingOf(compressed), architecture, digest, name: image },
      content,
    };
  });
  const { name, digest, content } = runtime;
  const entry: Entry = { kind: 'runtime', sha256: digest, size: content.length, member: runtimeMember(name), encoding: '-', name };
  return [{ entry, content: () => chunksOf(content), expected: digest }, ...sorted(programs), ...sorted(images)];
}

function sorted(parts: readonly Part[]): readonly Part[] {
  return parts.toSorted((a, b) => (a.entry.member < b.entry.member ? -1 : 1));
}

function headOf(entries: readonly Entry[], sums: readonly Sum[], { found, encoding, version }: CreateInput): readonly HeadMember[] {
  const index = writeIndex(entries);
  const versions = new Map(found.programs.map(({ source, name, version: release }) => [source, { name, version: release }]));
  const used = entries.some(entry => entry.encoding === encoding) ? encoding : '-';
  const sbom = writeSbom({ entries, versions, index: sha256Of(index), kubekiln: version, encoder: encoderName(used) });
  return [
    { name: INDEX_MEMBER, content: index },
    { name: SUMS_MEMBER, content: writeSums([{ member: SBOM_MEMBER, sha256: sha256Of(sbom) }, ...sums]) },
    { name: SBOM_MEMBER, content: sbom },
  ];
}

function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
