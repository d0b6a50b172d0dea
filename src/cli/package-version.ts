import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** kubekiln's own version: package.json is found from the bundle and from the compiled tests alike. */
export function packageVersion(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); directory !== dirname(directory); directory = dirname(directory)) {
    try {
      const { name, version }: { name?: unknown; version?: unknown } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      if (name === 'kubekiln') return String(version);
    } catch {
      // one further up
    }
  }
  return 'unknown';
}
