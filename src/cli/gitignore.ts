import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFile } from '../write/atomic-file.ts';
import { about } from '../write/file-system-problem.ts';
import { TEMPORARY_PREFIX } from '../write/temporary-names.ts';
import { readIfPresent } from './project.ts';

/** What must never reach a repository: keys, what is built from them, and what a killed run leaves of either. */
const LINES: readonly string[] = ['secrets.yaml', 'out/', `${TEMPORARY_PREFIX}*`];

/** Writes .gitignore, or appends the lines that an existing one lacks. @returns what was done to it */
export function ensureGitignore(directory: string): 'created' | 'extended' | 'unchanged' {
  const path = join(directory, '.gitignore');
  const old = readIfPresent(path)?.text;
  if (old === undefined) {
    createFile(path, LINES.map(line => `${line}\n`).join(''), 0o644);
    return 'created';
  }
  const present = new Set(old.split(/\r?\n/).map(line => line.trim().replace(/^\//, '')));
  const missing = LINES.filter(line => !present.has(line));
  if (missing.length === 0) return 'unchanged';
  about(path, () => appendFileSync(path, (old === '' || old.endsWith('\n') ? '' : '\n') + missing.map(line => `${line}\n`).join('')));
  return 'extended';
}
