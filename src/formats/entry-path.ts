import { FormatError } from './format-error.ts';

const MAX_PATH_BYTES = 4096;
const MAX_DEPTH = 64;

/** True for `a/b/c`: relative, without empty, `.` or `..` elements, backslashes or control characters. */
export function isCleanRelativePath(path: string): boolean {
  if (path === '' || Buffer.byteLength(path) > MAX_PATH_BYTES || /[\u0000-\u001f\u007f-\u009f\\\ufffd]/.test(path)) return false;
  const elements = path.split('/');
  return elements.length <= MAX_DEPTH && elements.every(element => element !== '' && element !== '.' && element !== '..');
}

/** Collects the entries of an archive; refuses what could leave its own tree, and names that stand twice or below a file. */
export class EntryPaths {
  readonly #kinds = new Map<string, 'file' | 'directory'>();

  /** @throws FormatError */
  add(path: string, kind: 'file' | 'directory'): void {
    if (!isCleanRelativePath(path))
      throw new FormatError('unsafe', `the entry name ${JSON.stringify(path.slice(0, 200))} is not a clean relative path`);
    if (this.#kinds.get(path) === 'file' || (this.#kinds.has(path) && kind === 'file'))
      throw new FormatError('unsafe', `the entry ${JSON.stringify(path)} stands there twice`);
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash);
      if (this.#kinds.get(parent) === 'file') throw new FormatError('unsafe', `the entry ${JSON.stringify(path)} stands below a file`);
      if (this.#kinds.has(parent)) break;
      this.#kinds.set(parent, 'directory');
    }
    this.#kinds.set(path, kind);
  }
}
