// Which of upstream's conformance specs run here, and which do not and why. The two text files are reviewed like code; together they are upstream's list of
// the booted release.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml } from '../../../src/formats/yaml.ts';
import { ensureE2e } from '../cache.ts';
import { BOOT_SCRIPTS } from '../repository.ts';

/** Specs that are left out for one reason. */
export interface LeftOut {
  readonly reason: string;
  readonly specs: readonly string[];
}

/** Names of the specs that run, each as upstream writes it. */
export function runningSpecs(): readonly string[] {
  return lines('running.txt');
}

/** Groups of specs below their reasons, which are lines that begin with `# `. @throws when a spec stands above the first reason */
export function specsLeftOut(): readonly LeftOut[] {
  const groups: { reason: string; specs: string[] }[] = [];
  for (const line of lines('left-out.txt')) {
    const group = groups.at(-1);
    if (line.startsWith('# ')) groups.push({ reason: line.slice(2), specs: [] });
    else if (group === undefined) throw new Error(`left-out.txt: no reason above ${line}`);
    else group.specs.push(line);
  }
  return groups;
}

/** Names of all conformance specs of the booted release, from the file in which upstream promises them. */
export async function upstreamSpecs(): Promise<readonly string[]> {
  const { value } = parseYaml(await readFile(join(await ensureE2e(), 'conformance/conformance.yaml'), 'utf8'));
  return (value as readonly { readonly codename: string }[]).map(({ codename }) => codename);
}

function lines(name: string): readonly string[] {
  return readFileSync(join(BOOT_SCRIPTS, 'conformance', name), 'utf8')
    .split('\n')
    .filter(Boolean);
}
