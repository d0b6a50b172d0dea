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
  const entries = files.map(({ path, mode, content }) => {
    invariant(isCleanRelativePath(path), `tar: ${path} is not a clean relative path`);
    invariant(mode > 0 && mode <= 0o7777, `tar: ${path} has mode ${mode.toString(8)}`);
    invariant(content.length < MAX_FILE_BYTES, `tar: ${path} is too large`);
    return { headers: headersOf(path, mode, content.length), content };
  });
  const size = entries.reduce((sum, { headers, content }) => sum + headers.length + paddedSize(content.length), 2 * BLOCK);
  const archive = Buffer.alloc(size);
  let position = 0;
  for (const { headers, content } of entries) {
    archive.set(headers, position);
    archive.set(content, position + headers.length);
    position += headers.length + paddedSize(content.length);
  }
  return archive;
}

/** Bytes of a file with what fills its last block. */
function paddedSize(bytes: number): number {
  return bytes + paddingOf(bytes);
}

function headersOf(path: string, mode: number, size: number): Uint8Array {
  const split = splitUstarPath(path);
  // the spread last: V8 makes a new hidden class each time for a literal that goes on behind one, and there are forty files in each archive of a worker
  if (split) return encodeHeader({ mode, size, type: '0', ...split });
  const record = Buffer.from(paxRecord('path', path));
  const fallback = path
    .replace(/[^\x20-\x7e]/g, '_')
    .slice(-100)
    .replace(/^\//, '_');
  return Buffer.concat([
    encodeHeader({ name: 'PaxHeaders/path', mode: 0o600, size: record.length, type: 'x' }),
    record,
    Buffer.alloc(paddingOf(record.length)),
    encodeHeader({ name: fallback, mode, size, type: '0' }),
  ]);
}

/** `<length> <key>=<value>\n`, where the length counts its own digits too. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
}
