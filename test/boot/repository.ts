import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root: compiled tests live in a folder of their own, shell scripts and the built program do not. */
export const REPOSITORY = findUp(dirname(fileURLToPath(import.meta.url)), 'package.json');

/** Folder of the harness's shell scripts. */
export const BOOT_SCRIPTS = join(REPOSITORY, 'test/boot');

/** The program as users get it; KUBEKILN_PROGRAM names another one, e.g. an installed release. */
export const KUBEKILN = process.env.KUBEKILN_PROGRAM ?? join(REPOSITORY, 'dist/kubekiln.js');

function findUp(directory: string, name: string): string {
  if (existsSync(join(directory, name))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error(`no ${name} above ${fileURLToPath(import.meta.url)}`);
  return findUp(parent, name);
}
