// The last look at the final bytes: each carrier is read back, by the readers that `verify` uses, and compared with the payload. What differs is a
// bug of ours, and nothing is written then.
import { Bug, invariant } from '../bug.ts';
import { type CloudConfig, readCloudConfig } from '../formats/cloud-config.ts';
import { gunzip } from '../formats/gzip.ts';
import { readIso } from '../formats/iso9660-reader.ts';
import { readMultipart } from '../formats/mime.ts';
import { COMPLETE_ENTRY, completeContent, PLAN_ENTRY, payloadDigest } from '../formats/payload-directory.ts';
import { readTar } from '../formats/tar-reader.ts';
import { writeTar } from '../formats/tar-writer.ts';
import { parseYaml } from '../formats/yaml.ts';
import { type Artifact, bytesOf, NODE_FILES, nodePath } from './artifact.ts';
import { tarballFiles } from './node-tarball.ts';
import { carriedEntries, type Payload } from './payload.ts';
import { SEED_LABEL } from './seed-iso.ts';
import { packedPath } from './user-data.ts';

interface Content {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/** @throws Bug naming the artifact and what differs */
export function checkArtifacts(payload: Payload, artifacts: readonly Artifact[]): void {
  const bytes = (file: string): Uint8Array => {
    const path = nodePath(payload.node.name, file);
    const artifact = artifacts.find(one => one.path === path);
    invariant(artifact, `${path} was not made`);
    return artifact.content;
  };
  const check = (file: string, work: (content: Uint8Array) => void) => {
    try {
      work(bytes(file));
    } catch (error) {
      throw new Bug(`${nodePath(payload.node.name, file)} is not what the plan says: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  };
  checkPayload(payload);
  const userData = bytes(NODE_FILES.userData);
  const made = (file: string) => artifacts.some(({ path }) => path === nodePath(payload.node.name, file));
  check(NODE_FILES.userData, content => checkUserData(payload, content));
  if (made(NODE_FILES.userDataPacked)) check(NODE_FILES.userDataPacked, content => checkPacked(payload, content));
  if (made(NODE_FILES.userDataB64))
    check(NODE_FILES.userDataB64, content =>
      same('user-data.gz', Buffer.from(Buffer.from(content).toString('latin1'), 'base64'), bytes(NODE_FILES.userDataGz)),
    );
  check(NODE_FILES.userDataGz, content => same('user-data', gunzip(content, userData.length), userData));
  check(NODE_FILES.metaData, content => checkMetaData(payload, content));
  check(NODE_FILES.networkConfig, checkNetworkConfig);
  const seed = {
    'meta-data': bytes(NODE_FILES.metaData),
    'network-config': bytes(NODE_FILES.networkConfig),
    'user-data': userData,
    'vendor-data': new Uint8Array(),
  };
  check(NODE_FILES.seedIso, content => checkSeed(seed, content));
  check(NODE_FILES.tarball, content => {
    const files = tarballFiles(payload);
    // headers and padding are a few hundred bytes for each file
    const limit = files.reduce((sum, file) => sum + file.content.length + 4096, 4096);
    sameList(readTar(gunzip(content, limit)), files);
  });
}

function checkPayload({ entries, digest, node }: Payload): void {
  const contents = new Map(entries.map(entry => [entry.path, entry.content]));
  const plan = contents.get(PLAN_ENTRY);
  invariant(plan !== undefined && entries[0]?.path === PLAN_ENTRY, `the payload of ${node.name} does not begin with its plan`);
  invariant(entries.at(-1)?.path === COMPLETE_ENTRY && contents.size === entries.length, `the payload of ${node.name} is not in order`);
  invariant(payloadDigest(plan, entry => contents.get(entry)) === digest, `the digest of the payload of ${node.name} is wrong`);
  invariant(contents.get(COMPLETE_ENTRY) === completeContent(digest), `the payload of ${node.name} ends in another digest`);
}

/** kubekiln's own part of it, after a look at the others. */
function ownPart({ parts }: Payload, bytes: Uint8Array): Uint8Array {
  if (parts.length === 0) return bytes;
  const found = readMultipart(bytes);
  const others = found.slice(0, -1).map(({ type, content }) => `${type} ${content}`);
  invariant(others.join('\0') === parts.map(({ type, content }) => `text/${type} ${content}`).join('\0'), 'its parts differ');
  return bytesOf(found.at(-1)?.content ?? '');
}

function checkPacked(payload: Payload, bytes: Uint8Array): void {
  const entries = carriedEntries(payload).map(({ path, mode, content }) => ({ path, mode, content: bytesOf(content) }));
  const config = readCloudConfig(ownPart(payload, bytes), writeTar(entries).length);
  const [archive, ...more] = config.files;
  invariant(archive?.path === packedPath(payload.directory) && more.length === 0, 'it writes something else than one archive');
  sameList(readTar(archive.content), entries);
  checkBootScript(config, payload.packedBootScript);
}

function checkUserData(payload: Payload, bytes: Uint8Array): void {
  const config = readCloudConfig(ownPart(payload, bytes), bytes.length);
  const expected = carriedEntries(payload).map(({ path, mode, content }) => ({
    path: `${payload.directory}/${path}`,
    mode,
    content: Buffer.from(content),
  }));
  sameList(config.files, expected);
  checkBootScript(config, payload.bootScript);
}

function checkBootScript({ bootCommands, otherKeys }: CloudConfig, expected: string): void {
  const [script, ...others] = bootCommands;
  invariant(script === expected && others.length === 0 && otherKeys.length === 0, 'bootcmd differs');
}

function checkMetaData({ instanceId, node }: Payload, bytes: Uint8Array): void {
  const { value } = parseYaml(Buffer.from(bytes).toString('utf8'));
  const expected = { 'instance-id': instanceId, 'local-hostname': node.name };
  invariant(JSON.stringify(value) === JSON.stringify(expected), 'instance-id or host name differ');
}

function checkNetworkConfig(bytes: Uint8Array): void {
  const { value, problem } = parseYaml(Buffer.from(bytes).toString('utf8'));
  invariant(!problem && typeof value === 'object' && value !== null, problem?.message ?? 'no mapping');
}

function checkSeed(seed: Readonly<Record<string, Uint8Array>>, image: Uint8Array): void {
  for (const tree of ['rock-ridge', 'joliet'] as const) {
    const { label, files } = readIso(image, tree);
    invariant(label === SEED_LABEL, `the label is ${label}`);
    invariant(files.map(file => file.path).join() === Object.keys(seed).join(), `its ${tree} names differ`);
    for (const file of files) same(file.path, file.content, seed[file.path] ?? new Uint8Array());
  }
}

function sameList(found: readonly Content[], expected: readonly Content[]): void {
  invariant(found.length === expected.length, `${found.length} files instead of ${expected.length}`);
  expected.forEach((file, index) => {
    const other = found[index];
    invariant(other?.path === file.path && other.mode === file.mode, `${file.path} is missing, or has another mode`);
    same(file.path, other.content, file.content);
  });
}

function same(name: string, found: Uint8Array, expected: Uint8Array): void {
  invariant(Buffer.compare(found, expected) === 0, `the content of ${name} differs`);
}
