import { isAbsolute, relative } from 'node:path';

/** A path as the user would write it: relative when it lies below the working directory. */
export function displayPath(path: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(process.cwd(), path);
  return short === '' ? '.' : short.startsWith('..') ? path : short;
}
