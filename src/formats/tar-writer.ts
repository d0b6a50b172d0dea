// tar archives whose bytes depend on nothing but their entries: ustar, a pax header only for paths that ustar cannot hold.
// tar-stream is not used here: it only streams (two ticks per entry), stamps the current time by default and turns mode 0 into 0644.
import { invariant } from '../bug.ts';
import { isCleanRelativePath } from './entry-path.ts';
import { BLOCK, encodeHeader, paddingOf, splitUstarPath } from './tar-header.ts';

export interface TarFile {
  /** Relative and clean: `files/etc/kubernetes/pki/ca.crt`. */
  readonly path: string;
  /** Permission bits; never 0, which some readers take for a default. */
  readonly mode: number;
  readonly content: Uint8Array;
}

const MAX_FILE_BYTES = 2 ** 31;

/** One archive in one buffer: entries in the given order, all root:root, of 1970. @throws Bug for a path, mode or size that no archive of ours has. */
export function writeTar(files: readonly TarFile[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (const { path, mode, content } of files) {
    invariant(isCleanRelativePath(path), `tar: ${path} is not a clean relative path`);
    invariant(mode > 0 && mode <= 0o7777, `tar: ${path} has mode ${mode.toString(8)}`);
    invariant(content.length < MAX_FILE_BYTES, `tar: ${path} is too large`);
    chunks.push(...headersOf(path, mode, content.length), content, Buffer.alloc(paddingOf(content.length)));
  }
  return Buffer.concat([...chunks, Buffer.alloc(2 * BLOCK)]);
}

function headersOf(path: string, mode: number, size: number): readonly Uint8Array[] {
  const split = splitUstarPath(path);
  if (split) return [encodeHeader({ ...split, mode, size, type: '0' })];
  const record = Buffer.from(paxRecord('path', path));
  const fallback = path
    .replace(/[^\x20-\x7e]/g, '_')
    .slice(-100)
    .replace(/^\//, '_');
  return [
    encodeHeader({ name: 'PaxHeaders/path', mode: 0o600, size: record.length, type: 'x' }),
    record,
    Buffer.alloc(paddingOf(record.length)),
    encodeHeader({ name: fallback, mode, size, type: '0' }),
  ];
}

/** `<length> <key>=<value>\n`, where the length counts its own digits too. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
}
