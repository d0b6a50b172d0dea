// stdout carries the result only; stderr problems, progress and next steps.
import type { Writable } from 'node:stream';

/** Set when stdout could not take the result: a full disk behind `> file`. */
let stdoutFailure: NodeJS.ErrnoException | undefined;

/** Makes a reader that goes away (`kubekiln … | head -1`) silent, and any other failure of stdout known at the end. */
export function watchStreams(): void {
  process.stdout.on('error', noteFailure);
  process.stderr.on('error', () => undefined);
}

function noteFailure(error: NodeJS.ErrnoException | null | undefined): void {
  if (error && error.code !== 'EPIPE') stdoutFailure ??= error;
}

/** Resolves when the text has left the process, or never can. */
function write(stream: Writable, text: string): Promise<void> {
  if (text === '') return Promise.resolve();
  return new Promise(resolve =>
    stream.write(text, error => {
      if (stream === process.stdout) noteFailure(error);
      resolve();
    }),
  );
}

/** @throws the system error when stdout cannot take it for another reason than a reader that went away. */
export async function writeResult(text: string): Promise<void> {
  await write(process.stdout, text);
  if (stdoutFailure !== undefined) throw Object.assign(stdoutFailure, { path: 'standard output' });
}

export function writeError(text: string): Promise<void> {
  return write(process.stderr, text);
}

/** https://no-color.org: the flag wins over the variable. */
export function useColor(when: string): boolean {
  if (when !== 'auto') return when === 'always';
  return process.stderr.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}
