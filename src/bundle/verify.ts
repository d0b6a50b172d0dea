// `kubekiln bundle verify`: every byte, then what is missing. It writes nothing, and holds no member in memory.
import { FormatError } from '../formats/format-error.ts';
import { formatFinding } from '../inspect/finding.ts';
import type { Problem } from '../problem.ts';
import type { Architecture } from '../spec/cluster.ts';
import type { Entry } from './bundle-index.ts';
import { type CheckedBytes, checkBytes } from './check-bytes.ts';
import { missingOf, missingReferences } from './completeness.ts';
import { imageReferences } from './image-references.ts';
import type { Wanted } from './wanted.ts';

export interface VerifiedBundle {
  readonly problems: readonly Problem[];
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

/**
 * @param path as the operator wrote it
 * @param wanted what it must hold; nothing where no cluster is known: then only what its own runtime archive names
 * @throws system errors
 */
export async function verifyBundle(path: string, wanted: Wanted | undefined, progress: (doing: string) => void): Promise<VerifiedBundle> {
  const checked = await checkBytes(path, (bytes, member) => progress(`checking ${path}: ${Math.floor(bytes / 1e6)} MB, ${member}`));
  const problems = checked.faults.map(({ member, error }) => formatFinding(error, member === undefined ? path : `${path}: ${member}`));
  const { entries } = checked;
  if (entries === undefined) return { problems, entries: [], bytes: checked.bytes };
  const good = entries.filter(entry => checked.good.has(entry));
  if (wanted) problems.push(...missingOf(path, wanted, good));
  problems.push(...referenceProblems(path, wanted, checked, good));
  return { problems, entries, bytes: checked.bytes };
}

function referenceProblems(
  path: string,
  wanted: Wanted | undefined,
  { runtime, entries = [] }: CheckedBytes,
  good: readonly Entry[],
): readonly Problem[] {
  if (runtime === undefined) return [];
  const held = new Set<Architecture>(entries.flatMap(entry => (entry.kind === 'image' ? [entry.architecture] : [])));
  const known = new Set(wanted?.images.map(({ image }) => image));
  try {
    return missingReferences(path, imageReferences(runtime), good, [...held].sort(), known);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return [formatFinding(error, `${path}: its runtime archive`)];
  }
}
