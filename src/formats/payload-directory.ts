// The directory that every carrier delivers: `plan` first, the planned files below `files/`, `.complete` with the digest last.
import { createHash } from 'node:crypto';
import { isCleanRelativePath } from './entry-path.ts';
import { FormatError } from './format-error.ts';

export const PLAN_ENTRY = 'plan';
export const COMPLETE_ENTRY = '.complete';
export const FILES_ENTRY = 'files';
/** What stands beside the payload in node.tar.gz, for whoever unpacks it: neither in its plan nor under its digest. */
export const TARBALL_PROGRAMS: readonly string[] = ['install', 'reset', 'support'];

/** An `f` line of the plan: a file that the installer puts in its place. */
export interface PlanFileLine {
  readonly mode: number;
  readonly owner: string;
  /** Absolute path on the node. */
  readonly path: string;
}

/** The entry that holds a file of the plan: `files/etc/hosts` for `/etc/hosts`. */
export function entryOf(path: string): string {
  return FILES_ENTRY + path;
}

/** The files that a plan names, in its order. @throws FormatError for a line that the installer would not understand */
export function readPlanFiles(plan: string): readonly PlanFileLine[] {
  return plan
    .split('\n')
    .filter(line => line.startsWith('f '))
    .map(line => {
      const [, mode, owner, path] = /^f ([0-7]{4}) ([^ ]+) (\/[^ ]+)$/.exec(line) ?? [];
      if (!mode || !owner || !path || !isCleanRelativePath(path.slice(1)))
        throw new FormatError('damaged', `the plan holds a line that is not \`f MODE OWNER PATH\`: ${JSON.stringify(line.slice(0, 200))}`);
      return { mode: Number.parseInt(mode, 8), owner, path };
    });
}

/**
 * Hex SHA-256 over the plan and then each file of its `f` lines, in order: what a node computes with
 * `{ cat plan; sed -n 's/^f .* /files/p' plan | xargs cat; } | sha256sum`.
 * @throws FormatError when the plan is damaged or `read` has no entry for one of its files
 */
export function payloadDigest(plan: string, read: (entry: string) => string | Uint8Array | undefined): string {
  const hash = createHash('sha256').update(plan);
  for (const { path } of readPlanFiles(plan)) {
    const content = read(entryOf(path));
    if (content === undefined) throw new FormatError('damaged', `the plan names ${path}, which the payload does not hold`);
    hash.update(content);
  }
  return hash.digest('hex');
}

/** Content of `.complete`. */
export function completeContent(digest: string): string {
  return `${digest}\n`;
}
