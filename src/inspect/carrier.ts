// One artifact taken apart, whatever it is wrapped in. Its kind is found by its content: files get renamed.
import { createHash } from 'node:crypto';
import { runtimeArchiveName } from '../emit/runtime-archive.ts';
import { OWN_PART, packedPath } from '../emit/user-data.ts';
import { type CloudConfigFile, isCloudConfig, readCloudConfig } from '../formats/cloud-config.ts';
import { EntryPaths } from '../formats/entry-path.ts';
import { FormatError } from '../formats/format-error.ts';
import { gunzip, isGzip } from '../formats/gzip.ts';
import { isIso, readIso } from '../formats/iso9660-reader.ts';
import { isMultipart, readMultipart } from '../formats/mime.ts';
import { entryOf, PLAN_ENTRY, readPlanFiles } from '../formats/payload-directory.ts';
import { readTar } from '../formats/tar-reader.ts';
import { type CarriedFile, type PayloadView, viewPayload } from './payload-view.ts';

export type CarrierKind =
  | 'user-data'
  | 'user-data.packed'
  | 'user-data.gz'
  | 'user-data.b64'
  | 'seed.iso'
  | 'node.tar.gz'
  | 'payload directory';

export interface Carrier {
  readonly kind: CarrierKind;
  /** As the operator named it. */
  readonly path: string;
  /** Bytes on the disk. */
  readonly size: number;
  /** Bytes after decompression, where there is one. */
  readonly unpacked?: number;
  /** What stands in the carrier itself: the seed's files, the archive's entries; nothing for user-data. */
  readonly outer: readonly CarriedFile[];
  /** What user-data writes to the node, by absolute path. */
  readonly written: readonly CarriedFile[];
  /** What the operator added to user-data. */
  readonly parts: readonly { readonly type: string; readonly name: string; readonly size: number }[];
  /** Commands that user-data runs at every boot. */
  readonly bootCommands: readonly string[];
  /** Absent when the user-data is not one of kubekiln's. */
  readonly payload?: PayloadView;
  /** Name of the archive that brings the runtime part, where user-data does not. */
  readonly runtimeArchive?: string;
}

/** Content of a runtime archive by its name; undefined when it is not at hand. */
export type FindRuntime = (name: string) => Uint8Array | undefined;

/** A node's tree is well below this; an image or a bundle is not read here. */
export const MAX_ARTIFACT_BYTES = 64 * 1024 * 1024;
/** YAML takes about 200 bytes of memory for each of its own in the worst case. No platform takes more user-data than this. */
const MAX_USER_DATA_BYTES = 1024 * 1024;
const TAR_MAGIC_AT = 257;

/** @throws FormatError */
export function readCarrier(path: string, bytes: Uint8Array, findRuntime: FindRuntime = () => undefined): Carrier {
  const decoded = fromBase64(bytes);
  if (decoded !== undefined) {
    const inner = readCarrier(path, decoded, findRuntime);
    if (inner.kind !== 'user-data.gz') throw new FormatError('unsupported', 'what is base64 in it is no user-data.gz');
    return { ...inner, kind: 'user-data.b64', size: bytes.length };
  }
  if (isGzip(bytes)) {
    const content = gunzip(bytes, MAX_ARTIFACT_BYTES);
    const size = { size: bytes.length, unpacked: content.length };
    if (isUserData(content)) return { kind: 'user-data.gz', path, ...size, outer: [], ...readUserData(content, findRuntime) };
    if (isTar(content)) return { kind: 'node.tar.gz', path, ...size, ...readTarball(content) };
    throw new FormatError('unsupported', 'what is compressed in it is neither a cloud-config nor a tar archive');
  }
  if (isUserData(bytes)) {
    const content = readUserData(bytes, findRuntime);
    return { kind: content.packed ? 'user-data.packed' : 'user-data', path, size: bytes.length, outer: [], ...content };
  }
  if (isIso(bytes)) return { kind: 'seed.iso', path, size: bytes.length, ...readSeed(bytes, findRuntime) };
  if (isTar(bytes)) return { kind: 'node.tar.gz', path, size: bytes.length, ...readTarball(bytes) };
  throw new FormatError('unsupported', 'neither user-data, nor a seed ISO, nor a node.tar.gz');
}

function isUserData(bytes: Uint8Array): boolean {
  return isCloudConfig(bytes) || isMultipart(bytes);
}

/** undefined for whatever does not begin as gzip in base64 does. */
function fromBase64(bytes: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (text.toString('latin1', 0, GZIP_IN_BASE64.length) !== GZIP_IN_BASE64) return undefined;
  const decoded = Buffer.from(text.toString('latin1'), 'base64');
  // node passes over what is not of the alphabet, and stops where it pleases
  if (decoded.toString('base64') !== text.toString('latin1').replace(/\s+/g, '')) throw new FormatError('damaged', 'not clean base64');
  return decoded;
}

/** Magic and method of gzip: three bytes are four characters. */
const GZIP_IN_BASE64 = 'H4sI';

function isTar(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + 5)).toString('latin1') === 'ustar';
}

type Content = Pick<Carrier, 'outer' | 'written' | 'parts' | 'bootCommands' | 'payload' | 'runtimeArchive'>;
type UserDataContent = Omit<Content, 'outer'> & { readonly packed: boolean };

function readUserData(bytes: Uint8Array, findRuntime: FindRuntime): UserDataContent {
  if (bytes.length > MAX_USER_DATA_BYTES) throw new FormatError('too-large', `more than ${MAX_USER_DATA_BYTES} bytes of user-data`);
  if (!isMultipart(bytes)) return { parts: [], ...readOwnPart(bytes, findRuntime) };
  const parts = readMultipart(bytes);
  const own = parts.at(-1);
  if (own?.name !== OWN_PART) throw new FormatError('unsupported', "its last part is not kubekiln's");
  return {
    parts: parts.slice(0, -1).map(({ type, name, content }) => ({ type, name, size: Buffer.byteLength(content) })),
    ...readOwnPart(Buffer.from(own.content), findRuntime),
  };
}

function readOwnPart(bytes: Uint8Array, findRuntime: FindRuntime): Omit<UserDataContent, 'parts'> {
  const { files: listed, bootCommands } = readCloudConfig(bytes, MAX_ARTIFACT_BYTES);
  const [archive] = listed;
  const directory = archive && listed.length === 1 ? PACKED_DIRECTORY.exec(archive.path)?.[0] : undefined;
  const packed = archive !== undefined && directory !== undefined && archive.path === packedPath(directory);
  const files = packed ? readTar(archive.content).map(file => ({ ...file, path: `${directory}/${file.path}` })) : listed;
  return { packed, ...readWritten(files, bootCommands, findRuntime) };
}

const PACKED_DIRECTORY = /^\/.*\/\d{1,9}(?=\.tar$)/;

function readWritten(
  files: readonly CloudConfigFile[],
  bootCommands: readonly string[],
  findRuntime: FindRuntime,
): Omit<UserDataContent, 'parts' | 'packed'> {
  const paths = new EntryPaths();
  for (const { path } of files) paths.add(path.startsWith('/') ? path.slice(1) : path, 'file');
  const plan = files.find(file => file.path.endsWith(`/${PLAN_ENTRY}`));
  if (!plan) return { written: files, bootCommands };
  const directory = plan.path.slice(0, -PLAN_ENTRY.length - 1);
  const inside = files.filter(file => file.path.startsWith(`${directory}/`));
  if (inside.length < files.length) throw new FormatError('unsafe', 'user-data writes files outside of the payload directory');
  const entries = inside.map(file => ({ ...file, path: file.path.slice(directory.length + 1) }));
  const runtimeArchive = RUNTIME_ARCHIVE.exec(bootCommands.join('\n'))?.[0];
  if (runtimeArchive === undefined) return { written: files, bootCommands, payload: viewPayload(entries, { directory }) };
  const archive = findRuntime(runtimeArchive);
  const more = archive === undefined ? [] : readRuntime(runtimeArchive, archive);
  const payload = viewPayload([...entries, ...needed(entries, more)], { directory, withoutRuntime: archive === undefined });
  return { written: files, bootCommands, payload, runtimeArchive };
}

const RUNTIME_ARCHIVE = /\bruntime-[0-9a-f]{12}\.tar\.gz\b/;

function readRuntime(name: string, archive: Uint8Array): readonly CarriedFile[] {
  const digest = createHash('sha256').update(archive).digest('hex');
  if (name !== runtimeArchiveName(digest))
    throw new FormatError('damaged', `the archive ${name} beside it has another SHA-256 than its name says`);
  return readTar(gunzip(archive, MAX_ARTIFACT_BYTES));
}

/** The archive serves all roles: a node unpacks files that its plan does not name. */
function needed(entries: readonly CarriedFile[], more: readonly CarriedFile[]): readonly CarriedFile[] {
  const plan = entries.find(entry => entry.path === PLAN_ENTRY);
  const named = new Set(readPlanFiles(Buffer.from(plan?.content ?? []).toString('utf8')).map(file => entryOf(file.path)));
  return more.filter(file => named.has(file.path));
}

function readSeed(image: Uint8Array, findRuntime: FindRuntime): Content {
  const { label, files } = readIso(image);
  if (label.toUpperCase() !== 'CIDATA')
    throw new FormatError('unsupported', `the volume label is ${JSON.stringify(label)}; cloud-init looks for CIDATA`);
  const userData = files.find(file => file.path === 'user-data');
  if (!userData || !files.some(file => file.path === 'meta-data')) throw new FormatError('damaged', 'a seed needs user-data and meta-data');
  const text = isGzip(userData.content) ? gunzip(userData.content, MAX_ARTIFACT_BYTES) : userData.content;
  return { outer: files, ...readUserData(text, findRuntime) };
}

function readTarball(archive: Uint8Array): Content {
  const files = readTar(archive);
  return { outer: files, written: [], parts: [], bootCommands: [], payload: viewPayload(files) };
}
