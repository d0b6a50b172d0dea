// The pipeline with files at both ends. Order of writing: secrets file, out/, lock file; a run that is killed between any two of them is repaired
// by the next one, since leaves of the secrets file are reused, the tree is compared, and the lock only records what was built.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildInput, BuildOutput } from '../build.ts';
import { now } from '../clock.ts';
import type { Problem } from '../problem.ts';
import type { SourceFile } from '../source-text.ts';
import type { SiblingReader } from '../spec/siblings.ts';
import { replaceFile } from '../write/atomic-file.ts';
import { about } from '../write/file-system-problem.ts';
import { foreignOutput } from '../write/output-ownership.ts';
import { recoverTree, replaceTree } from '../write/replace-tree.ts';
import type { BuildSummary } from './build-summary.ts';
import type { Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { isUntouched, type LastBuild, recallBuild, rememberBuild, saysTheSame } from './last-build.ts';
import { modestHeap } from './modest-heap.ts';
import { packageVersion } from './package-version.ts';
import { type Project, readClusterBytes, readIfPresent, siblingReader } from './project.ts';
import { withLock, withProjectLock } from './with-lock.ts';

export const SECRETS_MODE = 0o600;
export const PUBLIC_MODE = 0o644;

export interface BuildRequest {
  readonly project: Project;
  /** Gets `<cluster>/`. */
  readonly outputRoot: string;
  readonly dryRun: boolean;
  readonly locked: boolean;
}

export interface DiskBuild {
  readonly problems: readonly Problem[];
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Absent when something stood against it: nothing was written then. */
  readonly built?: BuildSummary & { readonly directory: string; readonly changed: boolean };
}

/** @throws system errors (file-system-problem.ts) and bugs */
export async function buildFromDisk(request: BuildRequest, reporter: Reporter): Promise<DiskBuild> {
  if (request.dryRun) return buildAndWrite(request, reporter);
  return withProjectLock(request.project, busy, () => buildAndWrite(request, reporter));
}

function busy(problem: Problem): DiskBuild {
  return { problems: [problem], files: new Map() };
}

async function buildAndWrite(request: BuildRequest, reporter: Reporter): Promise<DiskBuild> {
  const input = readInput(request);
  const last = request.dryRun ? undefined : recallBuild(request.outputRoot, input);
  const repeated = last && (await repeatedBuild(request, input, last, reporter));
  if (repeated !== undefined) return repeated;
  modestHeap(input.clusterFile.bytes);
  reporter.progress('planning, issuing certificates');
  const siblings = new Map<string, ReturnType<SiblingReader>>();
  const readSibling = (path: string) => {
    const found = input.readSibling(path);
    siblings.set(path, found);
    return found;
  };
  // neither of them is needed above, and they take longest to load
  const { build } = await import('../build.ts');
  const { summaryOf } = await import('./build-summary.ts');
  const { problems, files, output } = await build({ ...input, readSibling });
  if (output === undefined) return { problems, files };
  const summary = summaryOf(output);
  const directory = join(request.outputRoot, output.cluster.name);
  if (request.dryRun) return { problems, files, built: { ...summary, directory, changed: false } };
  makeOutputRoot(request.outputRoot);
  return withLock(directory, displayPath(directory), busy, async () => {
    recoverTree(directory);
    const foreign = foreignOutput(directory, output.cluster.name, displayPath(directory));
    if (foreign !== undefined) return { problems: [...problems, foreign], files };
    const changed = await write(request.project, output, directory, reporter);
    if (saysTheSame(problems, input, output)) {
      const next = nextInput(request.project, input, siblings, output);
      rememberBuild(request.outputRoot, next, [...siblings.keys()].sort(), output, problems, summary);
    }
    return { problems, files, built: { ...summary, directory, changed } };
  });
}

/** The result of a build that would read and write what the last one did; undefined when its output is not what it was. */
function repeatedBuild(
  { project, outputRoot }: BuildRequest,
  input: BuildInput,
  last: LastBuild,
  reporter: Reporter,
): Promise<DiskBuild | undefined> {
  const directory = join(outputRoot, last.summary.cluster);
  return withLock<DiskBuild | undefined>(directory, displayPath(directory), busy, async () => {
    recoverTree(directory);
    if (!isUntouched(directory, last)) return undefined;
    reporter.detail(`unchanged: ${displayPath(directory)}`);
    // for its mode: the text is the one that was read
    if (input.lockFile) replaceFile(project.lockFile, input.lockFile.text, PUBLIC_MODE);
    const files = last.warnings.length > 0 ? await shownFiles(input) : new Map();
    return { problems: last.warnings, files, built: { ...last.summary, directory, changed: false } };
  });
}

/** The texts that warnings point into. */
async function shownFiles({ clusterFile, lockFile }: BuildInput): Promise<DiskBuild['files']> {
  const { decodeText, sourceFile } = await import('../source-text.ts');
  const texts = [{ name: clusterFile.name, text: decodeText(clusterFile.bytes).text }, ...(lockFile ? [lockFile] : [])];
  return new Map(texts.map(({ name, text }) => [name, sourceFile(name, text)]));
}

/** What a build after this one will read when nobody changes anything: what this one read, not what stands there by now. */
function nextInput(
  project: Project,
  input: BuildInput,
  siblings: ReadonlyMap<string, ReturnType<SiblingReader>>,
  { secretsText, lockText }: BuildOutput,
): BuildInput {
  return {
    ...input,
    ...(secretsText !== undefined && { secretsFile: { name: displayPath(project.secretsFile), text: secretsText, mode: SECRETS_MODE } }),
    lockFile: { name: displayPath(project.lockFile), text: lockText },
    readSibling: path => siblings.get(path),
  };
}

function makeOutputRoot(root: string): void {
  about(root, () => {
    const created = mkdirSync(root, { recursive: true });
    if (created !== undefined) chmodSync(root, 0o755);
  });
}

function readInput({ project, locked }: BuildRequest): BuildInput {
  const secrets = readIfPresent(project.secretsFile);
  const lock = readIfPresent(project.lockFile);
  return {
    clusterFile: { name: project.clusterFileName, bytes: readClusterBytes(project) },
    readSibling: siblingReader(project),
    ...(secrets && { secretsFile: { name: displayPath(project.secretsFile), text: secrets.text, mode: secrets.mode } }),
    ...(lock && { lockFile: { name: displayPath(project.lockFile), text: lock.text } }),
    now: now(),
    locked,
    version: packageVersion(),
  };
}

/** @returns whether anything in the output directory changed */
async function write(project: Project, output: BuildOutput, directory: string, reporter: Reporter): Promise<boolean> {
  reporter.progress(`writing ${displayPath(directory)}`);
  const { secretsText } = output;
  if (secretsText !== undefined && replaceFile(project.secretsFile, secretsText, SECRETS_MODE))
    reporter.detail(`wrote ${displayPath(project.secretsFile)}`);
  const changed = await replaceTree(directory, output.artifacts);
  reporter.detail(`${changed ? 'wrote' : 'unchanged:'} ${displayPath(directory)}`);
  if (replaceFile(project.lockFile, output.lockText, PUBLIC_MODE)) reporter.detail(`wrote ${displayPath(project.lockFile)}`);
  return changed;
}
