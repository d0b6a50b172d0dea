import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../formats/package-root.ts';
import { packageVersion } from './package-version.ts';

/** SHA-256 of the sources, which bundle.mjs puts in here; not there where the sources run as they are. */
declare const KUBEKILN_SOURCES: string | undefined;

/** Tells this program from every other version of it, the edited ones too; undefined where that cannot be known. */
export function programDigest(): string | undefined {
  if (typeof KUBEKILN_SOURCES === 'undefined') return undefined;
  const hash = createHash('sha256').update(`${packageVersion()} ${KUBEKILN_SOURCES}`);
  const templates = join(packageRoot(), 'templates');
  for (const name of readdirSync(templates).sort()) hash.update(`\0${name}\0`).update(readFileSync(join(templates, name)));
  return hash.digest('hex');
}
