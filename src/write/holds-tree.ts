import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listTree } from './list-tree.ts';

/** A file by what it must hold, as manifest.json lists it. */
export interface ListedFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  /** Hex, of the content. */
  readonly sha256: string;
  /** Four octal digits. */
  readonly mode: string;
}

/** True when the directory holds these files, with these contents and modes, and no others. @throws the system error for a file that cannot be read */
export function holdsTree(directory: string, files: readonly ListedFile[]): boolean {
  const present = new Map((listTree(directory) ?? []).map(({ path, mode }) => [path, mode]));
  if (present.size !== files.length) return false;
  return files.every(
    ({ path, mode, sha256 }) => present.get(path) === Number.parseInt(mode, 8) && digestOf(readFileSync(join(directory, path))) === sha256,
  );
}

/** Hex SHA-256. */
export function digestOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
