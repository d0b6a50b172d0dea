// Every byte of a bundle, once from front to back: framing, stored digests, decoded digests and sizes, and images down to their blobs. What is wrong
// with one member does not keep the others from being looked at; a tar that cannot be followed ends it.
import { createHash } from 'node:crypto';
import { fileChunks, observed, tally } from '../formats/byte-stream.ts';
import { FormatError } from '../formats/format-error.ts';
import { type Entry, INDEX_MEMBER, SBOM_MEMBER, SUMS_MEMBER, titleOf } from './bundle-index.ts';
import { byteReader } from './byte-reader.ts';
import { checkLayout } from './check-layout.ts';
import { decode } from './encode.ts';
import { type BundleHead, readHead } from './read-head.ts';
import { indexDigestOf } from './sbom.ts';
import { type Sum, writeSums } from './sums.ts';
import { checkTarEnd, readTarStream, type TarEntry } from './tar-stream.ts';

/** What a runtime archive may have, packed: it is read as a whole. */
const MAX_RUNTIME_BYTES = 64 * 1024 * 1024;

export interface CheckedBytes {
  /** Absent when not even its index can be read. */
  readonly entries?: readonly Entry[];
  /** Entries whose members are there, and right. */
  readonly good: ReadonlySet<Entry>;
  /** The archive of kubekiln's own scripts and manifests, when it is right. */
  readonly runtime?: Uint8Array;
  readonly faults: readonly Fault[];
  /** Of the file. */
  readonly bytes: number;
}

export interface Fault {
  /** The member, or nothing for the bundle as such. */
  readonly member?: string;
  readonly error: FormatError;
}

/** @throws system errors */
export async function checkBytes(path: string, progress: (bytes: number, member: string) => void): Promise<CheckedBytes> {
  const faults: Fault[] = [];
  const good = new Set<Entry>();
  const reader = byteReader(fileChunks(path));
  const members = readTarStream(reader);
  let head: BundleHead | undefined;
  let runtime: Uint8Array | undefined;
  let at = INDEX_MEMBER;
  try {
    head = await readHead(members);
    const state = { head, waiting: [...head.entries], sums: [{ member: SBOM_MEMBER, sha256: sha256Of(head.sbom) }] };
    faults.push(...headFaults(head));
    for await (const member of members) {
      at = member.path;
      const entry = expected(member, state.waiting, faults);
      const checked = await checkMember(member, entry, bytes => progress(reader.position(), `${member.path} (${bytes} bytes)`));
      state.sums.push({ member: member.path, sha256: checked.stored });
      if (checked.error) faults.push({ member: member.path, error: checked.error });
      else if (entry) good.add(entry);
      if (entry?.kind === 'runtime' && !checked.error) runtime = checked.content;
      at = `what follows ${member.path}`;
    }
    faults.push(...state.waiting.map(missing), ...sumFaults(head, state.sums));
    await checkTarEnd(reader);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    faults.push({ member: at, error });
  } finally {
    await members.return(undefined);
  }
  return { ...(head && { entries: head.entries }), good, ...(runtime && { runtime }), faults, bytes: reader.position() };
}

function headFaults({ index, sbom, foreign, entries }: BundleHead): readonly Fault[] {
  const names = entries.map(({ member }) => member);
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  return [
    ...foreign.map(foreignHeader),
    ...(twice === undefined ? [] : [fault(INDEX_MEMBER, `two of its lines name ${twice}`)]),
    ...(indexDigestOf(sbom) === sha256Of(index) ? [] : [fault(INDEX_MEMBER, `it is not the one that ${SBOM_MEMBER} was made for`)]),
  ];
}

/** The line of the index that a member belongs to; lines that were passed over for it are missing. */
function expected(member: TarEntry, waiting: Entry[], faults: Fault[]): Entry | undefined {
  if (!member.ours) faults.push(foreignHeader(member.path));
  const place = waiting.findIndex(entry => entry.member === member.path);
  if (place < 0) {
    faults.push(fault(member.path, 'its index does not name it, or names it at another place'));
    return undefined;
  }
  faults.push(...waiting.splice(0, place).map(missing));
  return waiting.shift();
}

function missing(entry: Entry): Fault {
  return fault(entry.member, `it is not in the bundle: ${titleOf(entry)}`);
}

interface CheckedMember {
  /** Hex SHA-256 of the bytes in the bundle. */
  readonly stored: string;
  readonly error?: FormatError;
  /** Of a runtime archive. */
  readonly content?: Uint8Array;
}

async function checkMember(member: TarEntry, entry: Entry | undefined, progress: (bytes: number) => void): Promise<CheckedMember> {
  const stored = tally();
  const raw = observed(member.content(), chunk => {
    stored.look(chunk);
    progress(stored.size());
  });
  let error: FormatError | undefined;
  let content: Uint8Array | undefined;
  try {
    if (entry !== undefined) content = await checkEntry(raw, entry, member.size);
  } catch (thrown) {
    error = formatError(thrown);
  }
  // a decoder that stopped in the middle may still wait for a chunk: then this waits for it too
  await raw.return(undefined);
  for await (const chunk of member.content()) stored.look(chunk);
  return { stored: stored.sha256(), ...(error && { error }), ...(content && { content }) };
}

/** @returns the content of a runtime archive. @throws FormatError */
async function checkEntry(raw: AsyncIterable<Uint8Array>, entry: Entry, storedBytes: number): Promise<Uint8Array | undefined> {
  const seen = tally();
  const kept: Uint8Array[] = [];
  if (entry.kind === 'runtime' && entry.size > MAX_RUNTIME_BYTES)
    throw new FormatError('too-large', 'it is larger than any archive of scripts');
  const decoded = observed(decode(raw, entry.encoding, storedBytes), chunk => {
    seen.look(chunk);
    if (seen.size() > entry.size) throw new FormatError('too-large', `it decodes to more than the ${entry.size} bytes that its index says`);
    if (entry.kind === 'runtime') kept.push(chunk);
  });
  if (entry.kind === 'image') await checkLayout(decoded, entry);
  else for await (const _chunk of decoded);
  if (seen.size() !== entry.size || seen.sha256() !== entry.sha256)
    throw new FormatError('damaged', 'it has other bytes than its index says');
  if (entry.kind !== 'runtime') return undefined;
  if (entry.name !== `runtime-${entry.sha256.slice(0, 12)}.tar.gz`) throw new FormatError('damaged', 'its name is not that of its digest');
  return Buffer.concat(kept);
}

function formatError(error: unknown): FormatError {
  if (error instanceof FormatError) return error;
  throw error;
}

/** SHA256SUMS as it should be, line for line. */
function sumFaults({ sums }: BundleHead, found: readonly Sum[]): readonly Fault[] {
  if (Buffer.from(sums).equals(writeSums(found))) return [];
  const lines = new Set(Buffer.from(sums).toString('latin1').split('\n'));
  const wrong = found.filter(({ member, sha256 }) => !lines.has(`${sha256}  ${member}`));
  if (wrong.length === 0) return [fault(SUMS_MEMBER, 'it is not the list of the members that are there')];
  return wrong.map(({ member }) => fault(member, `it is not what ${SUMS_MEMBER} says`));
}

function foreignHeader(member: string): Fault {
  return fault(member, 'its tar header is not as kubekiln writes it');
}

function fault(member: string, message: string): Fault {
  return { member, error: new FormatError('damaged', message) };
}

function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
