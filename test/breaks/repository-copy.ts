// A copy of the repository to break: the tracked files, compiled, with the packages of the original.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { transformSync } from 'esbuild';
import { packageRoot } from '../../src/formats/package-root.ts';
import type { Break } from './break.ts';

const run = promisify(execFile);

export interface TestRun {
  /** Name of the first test that failed, the innermost of nested ones. */
  readonly failed?: string;
  /** The first line of what it said. */
  readonly reason?: string;
  /** Why the run proves nothing: it did not load, ran no test, or took too long. */
  readonly invalid?: string;
}

export class RepositoryCopy {
  readonly directory = mkdtempSync(join(tmpdir(), 'kubekiln-breaks-'));

  async prepare(): Promise<void> {
    const root = packageRoot();
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
    for (const path of listed.split('\0').filter(path => path !== '' && existsSync(join(root, path)))) {
      mkdirSync(dirname(join(this.directory, path)), { recursive: true });
      cpSync(join(root, path), join(this.directory, path));
    }
    symlinkSync(join(root, 'node_modules'), join(this.directory, 'node_modules'));
    await this.compile();
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  async compile(): Promise<void> {
    await run(process.execPath, [join(this.directory, 'node_modules/typescript/bin/tsc'), '--noCheck'], { cwd: this.directory });
  }

  async bundle(): Promise<void> {
    await run(process.execPath, ['bundle.mjs'], { cwd: this.directory });
  }

  /** Changes the file, compiles what depends on it, runs `work`, and puts everything back. */
  async broken<T>(one: Break, work: () => Promise<T>): Promise<T> {
    const path = join(this.directory, one.file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, brokenText(one, text));
    const compiled = join(this.directory, 'build', one.file.replace(/\.ts$/, '.js'));
    const kept = one.file.endsWith('.ts') ? readFileSync(compiled) : undefined;
    try {
      if (kept) writeFileSync(compiled, translated(brokenText(one, text)));
      if (one.program) await this.bundle();
      return await work();
    } finally {
      writeFileSync(path, text);
      if (kept) writeFileSync(compiled, kept);
    }
  }

  /** Runs a compiled test file, `pki/issue` or `pki/issue#pattern`. */
  async test(test: string): Promise<TestRun> {
    const [name = '', only] = test.split('#');
    const file = join('build/test', `${name}.test.js`);
    const options = ['--test-reporter=tap', ...(only === undefined ? [] : [`--test-name-pattern=${only}`]), file];
    // Of another run of tests: with it, the child would report to that one.
    const { NODE_TEST_CONTEXT: _, KUBEKILN_PROGRAM: _program, ...env } = process.env;
    const timeout = name.startsWith('boot/') ? BOOT_TIMEOUT : TIMEOUT;
    try {
      const { stdout } = await run(process.execPath, options, { cwd: this.directory, env, timeout, maxBuffer: MAX_OUTPUT });
      return /^# pass [1-9]/m.test(stdout) ? {} : { invalid: 'no test ran' };
    } catch (error) {
      const { stdout = '', killed = false } = error as { stdout?: string; killed?: boolean };
      if (killed) return { invalid: 'it took too long' };
      if (stdout.includes('Too many open files')) return { invalid: 'this machine has no inotify instances left for another host' };
      const failed = /^ *not ok \d+ - (.*)$/m.exec(stdout)?.[1];
      if (failed === undefined || failed.endsWith('.test.js')) return { invalid: 'the test file does not load' };
      const [, reason] = /^ *error: (?:\|-\n *|["'])?(.*?)["']?$/m.exec(stdout) ?? [];
      return { failed, ...(reason !== undefined && { reason }) };
    }
  }
}

const TIMEOUT = 180_000;
const BOOT_TIMEOUT = 900_000;
const MAX_OUTPUT = 64 * 1024 * 1024;

/** One module as tsc would write it. Its types are not checked: it is the tests that must notice, not the compiler. */
function translated(source: string): string {
  const { code } = transformSync(source, { loader: 'ts', format: 'esm', target: 'es2023' });
  return code.replace(/((?:from|import) ?\(?)"(\.[^"]+)\.ts"/g, '$1"$2.js"');
}

/** @throws when the text to replace does not stand there exactly once */
export function brokenText({ name, file, search, replace }: Break, text: string): string {
  const parts = text.split(search);
  if (parts.length !== 2) throw new Error(`${name}: its text stands ${parts.length - 1} times in ${file}, not once`);
  return parts.join(replace);
}
