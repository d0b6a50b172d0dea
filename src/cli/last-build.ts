// What the last build read and wrote. A build that would read the same, and finds what was written untouched, is done before anything is planned: the
// same input gives the same bytes. The record is under a key that comes from secrets.yaml, so that whoever can write into out/ cannot make one. One
// that does not prove itself, or is of other inputs, is as good as none: a whole build follows.
import { createHmac } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildInput, BuildOutput } from '../build.ts';
import type { Manifest } from '../emit/manifest.ts';
import type { Problem } from '../problem.ts';
import { fileSystemProblem } from '../write/file-system-problem.ts';
import { digestOf, holdsTree } from '../write/holds-tree.ts';
import type { BuildSummary } from './build-summary.ts';
import { programDigest } from './program-digest.ts';

/** In the directory that gets `<cluster>/`. It is no artifact: whoever loses it waits for a whole build, once. */
const RECORD = '.last-build';
const RECORD_MODE = 0o600;
const MANIFEST = 'manifest.json';
const MANIFEST_MODE = '0644';
/** Hex digits of an HMAC-SHA-256, and a newline. */
const PROOF_LENGTH = 65;

/** A build that was done before. */
export interface LastBuild {
  /** SHA-256 of the program and of all that it read, but secrets.yaml, whose text is the key. */
  readonly inputs: string;
  /** Paths of files that cluster.yaml names. */
  readonly siblings: readonly string[];
  /** SHA-256 of manifest.json, which has those of all other files. */
  readonly manifest: string;
  /** --locked asks for more: what it let pass, any build does. */
  readonly locked: boolean;
  /** Another time has other problems to tell. */
  readonly quiet: BuildOutput['quiet'];
  /** Its warnings, under the names that its files had then. */
  readonly warnings: readonly Problem[];
  readonly names: readonly (string | undefined)[];
  readonly summary: BuildSummary;
}

/** The build that this input gave; undefined when there is no record of one, or it would have more to say today. */
export function recallBuild(outputRoot: string, input: BuildInput): LastBuild | undefined {
  const program = programDigest();
  const text = attempt(() => readFileSync(join(outputRoot, RECORD), 'utf8'));
  if (program === undefined || text === undefined || input.secretsFile === undefined) return undefined;
  const claim = text.slice(PROOF_LENGTH);
  if (text !== proven(claim, input.secretsFile.text)) return undefined;
  const last: LastBuild = JSON.parse(claim);
  if (last.inputs !== inputsDigest(program, input, last.siblings) || (input.locked && !last.locked)) return undefined;
  if (last.warnings.length > 0 && last.names.join() !== namesOf(input).join()) return undefined;
  return isQuiet(last.quiet, input.now) ? last : undefined;
}

/**
 * Whether the next build of the same files has the same to say as this one. Not when this one speaks of a date, or wrote what it speaks of: a warning
 * that cluster.lock.yaml knows other members is said once.
 * @param input what this build read
 */
export function saysTheSame(problems: readonly Problem[], input: BuildInput, { secretsText, lockText, quiet }: BuildOutput): boolean {
  return problems.length === 0 || (secretsText === undefined && lockText === input.lockFile?.text && isQuiet(quiet, input.now));
}

function isQuiet({ from, until }: BuildOutput['quiet'], now: number): boolean {
  return now >= from && now <= until;
}

/** True when the directory holds exactly what that build wrote. */
export function isUntouched(directory: string, { manifest }: LastBuild): boolean {
  const untouched = attempt(() => {
    const bytes = readFileSync(join(directory, MANIFEST));
    if (digestOf(bytes) !== manifest) return false;
    const { artifacts }: Manifest = JSON.parse(bytes.toString('utf8'));
    return holdsTree(directory, [...artifacts, { path: MANIFEST, mode: MANIFEST_MODE, sha256: manifest }]);
  });
  return untouched ?? false;
}

/**
 * Remembers a build that was written, for `recallBuild`.
 * @param input what the next build will read when nothing changes
 * @param siblings paths of the files that cluster.yaml names
 */
export function rememberBuild(
  outputRoot: string,
  input: BuildInput,
  siblings: readonly string[],
  { artifacts, quiet }: BuildOutput,
  warnings: readonly Problem[],
  summary: BuildSummary,
): void {
  const program = programDigest();
  const manifest = artifacts.find(({ path }) => path === MANIFEST);
  if (program === undefined || manifest === undefined || input.secretsFile === undefined) return;
  const last: LastBuild = {
    inputs: inputsDigest(program, input, siblings),
    siblings,
    manifest: digestOf(manifest.content),
    locked: input.locked,
    quiet,
    warnings,
    names: namesOf(input),
    summary: { ...summary, issued: 0, reused: summary.issued + summary.reused },
  };
  const file = join(outputRoot, RECORD);
  const text = proven(JSON.stringify(last), input.secretsFile.text);
  // not synced: half a record proves nothing. A directory that cannot be written has had its build all the same.
  attempt(() => {
    if (attempt(() => readFileSync(file, 'utf8')) === text) return;
    rmSync(file, { force: true });
    writeFileSync(file, text, { flag: 'wx', mode: RECORD_MODE });
  });
}

/** As messages have them, which depends on the directory that kubekiln runs in. */
function namesOf({ clusterFile, secretsFile, lockFile }: BuildInput): readonly (string | undefined)[] {
  return [clusterFile, secretsFile, lockFile].map(file => file?.name);
}

function proven(claim: string, secrets: string): string {
  const key = digestOf(`kubekiln: record of the last build\n${secrets}`);
  return `${createHmac('sha256', key).update(claim).digest('hex')}\n${claim}`;
}

function inputsDigest(
  program: string,
  { clusterFile, secretsFile, lockFile, readSibling }: BuildInput,
  siblings: readonly string[],
): string {
  const contents = siblings.map(path => {
    const found = readSibling(path);
    return [path, found instanceof Uint8Array ? digestOf(found) : found];
  });
  return digestOf(JSON.stringify([program, digestOf(clusterFile.bytes), secretsFile?.mode, lockFile && digestOf(lockFile.text), contents]));
}

/** undefined when the file system says no. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (fileSystemProblem(error) === undefined) throw error;
    return undefined;
  }
}
