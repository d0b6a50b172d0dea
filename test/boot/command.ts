import { spawn } from 'node:child_process';

export interface Output {
  /** Exit code; 128 + signal number's place is taken by -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** milliseconds after which the process is killed; default 60 s */
  readonly timeout?: number;
  /** Lets its lines pass through to this process's stderr instead of collecting them. */
  readonly passThrough?: boolean;
}

/** Runs a program to its end and returns what it said, whatever its exit code. @throws when it cannot be started. */
export function capture(program: string, args: readonly string[], options: RunOptions = {}): Promise<Output> {
  return new Promise((resolve, reject) => {
    const passed = options.passThrough === true ? 2 : 'pipe';
    const child = spawn(program, args, {
      stdio: [options.input === undefined ? 'ignore' : 'pipe', passed, passed],
      timeout: options.timeout ?? 60_000,
      killSignal: 'SIGKILL',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
    // What the killed program started may hold its pipes open for ever.
    child.on('exit', (_code, signal) => {
      if (signal === null) return;
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
    child.on('error', reject);
    child.on('close', code =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(stdout).toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') }),
    );
  });
}

/** Runs a program and returns its stdout. @throws with its stderr when the exit code is not 0. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const output = await capture(program, args, options);
  if (output.code !== 0) {
    throw new Error(`${program} ${args.join(' ')}\nexited with ${output.code}\n${output.stderr.trim()}\n${output.stdout.trim()}`.trim());
  }
  return output.stdout;
}
