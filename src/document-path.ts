import type { DocumentPath } from './problem.ts';

/** `['spec', 'nodes', 2, 'address']` as a reader would write it: `spec.nodes[2].address`. */
export function pathText(path: DocumentPath): string {
  return path.map((part, index) => partText(part, index === 0)).join('');
}

function partText(part: string | number, first: boolean): string {
  if (typeof part === 'number') return `[${part}]`;
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return `[${JSON.stringify(part)}]`;
  return first ? part : `.${part}`;
}

/** The value at a path, or undefined. */
export function valueAt(value: unknown, path: DocumentPath): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string | number, unknown>)[part];
  }
  return found;
}
