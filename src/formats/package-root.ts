import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invariant } from '../bug.ts';

/** The directory that holds package.json and templates/: found from the sources, from the compiled tests and from the bundle alike. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json')) || !existsSync(join(directory, 'templates'))) {
    invariant(dirname(directory) !== directory, 'no package.json with templates/ above this module');
    directory = dirname(directory);
  }
  return directory;
}
