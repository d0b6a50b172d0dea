// The built program as a process, the way a user runs it.
import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';

/** KUBEKILN names another build of the program than dist/. */
export const PROGRAM = process.env.KUBEKILN ?? join(packageRoot(), 'dist', 'kubekiln.js');
assert.ok(existsSync(PROGRAM), `${PROGRAM} is missing: npm run build makes it`);

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly umask?: number;
}

function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NO_COLOR: _no, FORCE_COLOR: _force, SOURCE_DATE_EPOCH: _epoch, ...rest } = process.env;
  return { ...rest, ...extra };
}

/** Runs it to its end. */
export function kubekiln(args: readonly string[], options: RunOptions): Result {
  const umask = options.umask === undefined ? [] : ['sh', '-c', `umask ${options.umask.toString(8)} && exec "$@"`, 'sh'];
  const [command = '', ...rest] = [...umask, process.execPath, PROGRAM, ...args];
  const { status, signal, stdout, stderr } = spawnSync(command, rest, {
    cwd: options.cwd,
    input: options.input ?? '',
    env: environment(options.env),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
  return { code: status, signal, stdout, stderr };
}

/** The same without blocking this process, in which a server may have to answer. */
export function kubekilnBeside(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Result> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: environment(env) });
  const [stdout, stderr] = [child.stdout, child.stderr].map(stream => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  });
  return new Promise(resolve =>
    child.on('close', (code, signal) => resolve({ code, signal, stdout: stdout?.() ?? '', stderr: stderr?.() ?? '' })),
  );
}

/** Starts it and leaves it running. */
export function startKubekiln(args: readonly string[], cwd: string, stdio: SpawnOptions['stdio'] = 'ignore'): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], { cwd, stdio, env: environment() });
}

/** Runs it and asserts that it succeeded. */
export function succeed(args: readonly string[], options: RunOptions): Result {
  const result = kubekiln(args, options);
  assert.equal(result.code, 0, `kubekiln ${args.join(' ')}: ${result.stderr}`);
  return result;
}

const made: string[] = [];
// after every hook of a test: one may have to unmount something first
process.on('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** An empty directory that is gone after the tests. */
export function emptyDirectory(): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'kubekiln-cli-'));
  // mkdtemp makes it private, and some tests run the program as another user
  chmodSync(directory, 0o755);
  made.push(directory);
  return directory;
}

export const ADDRESSES = '10.0.1.11,10.0.1.12,10.0.1.13';

/** A directory in which `init` made the cluster prod. */
export function newProject(): string {
  const directory = emptyDirectory();
  succeed(['init', 'prod', '--control-plane', ADDRESSES], { cwd: directory });
  return directory;
}

/** The output of a build is whole: every file that the manifest lists is there, with its bytes. */
export function assertWholeOutput(directory: string): void {
  const manifest: { artifacts: { path: string; sha256: string }[] } = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
  assert.ok(manifest.artifacts.length > 10);
  for (const { path, sha256 } of manifest.artifacts) {
    assert.equal(
      createHash('sha256')
        .update(readFileSync(join(directory, path)))
        .digest('hex'),
      sha256,
      path,
    );
  }
}

/** A named skip at a user's desk; a failure in CI, where every tool is there. */
export function skipWithout(context: TestContext, available: boolean, what: string): boolean {
  if (available) return false;
  assert.ok(!process.env.CI, `${what} is missing`);
  context.skip(`${what} is missing`);
  return true;
}

/**
 * A file system with little room, unmounted when the test ends; undefined, with a named skip, where none can be mounted.
 * @param options of tmpfs(5)
 */
export function smallDisk(context: TestContext, options: string, directory = emptyDirectory()): string | undefined {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory], { encoding: 'utf8' });
  if (skipWithout(context, status === 0, `a tmpfs (${stderr.trim()})`)) return undefined;
  context.after(() => spawnSync('umount', [directory]));
  return directory;
}

export function hasTool(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/** Gives every image of the cluster a digest, so that --locked builds. */
export function pinImages(cwd: string): void {
  const { images }: { images: readonly { image: string }[] } = JSON.parse(succeed(['images', 'list', '-o', 'json'], { cwd }).stdout);
  const pins = images.flatMap(({ image }) => ['--image', `${image}=sha256:${'12'.repeat(32)}`]);
  succeed(['images', 'pin', ...pins], { cwd });
}
