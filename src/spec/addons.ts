// Manifests that cluster.yaml names: which files, what stands in them, and what kubectl or a reader of the payload would stumble over.
import { objectKey, objectText } from '../formats/kubernetes-object.ts';
import type { ProblemCode } from '../problem.ts';
import type { Addon, AddonObject } from './cluster.ts';
import { readManifest } from './manifest.ts';
import type { SiblingManifest, Siblings } from './siblings.ts';

export interface AddonFault {
  readonly code: Extract<ProblemCode, 'bad-addon' | 'addon-secret' | 'duplicate-object'>;
  /** Place in cluster.yaml's list. */
  readonly index: number;
  /** Begins with `file:line:column`. */
  readonly message: string;
  readonly hint?: string;
}

/** kubectl's own choice of files in a directory. */
const MANIFEST_NAME = /^[^.].*\.(ya?ml|json)$/;

/** @param names of spec.addons; undefined for one that is no text */
export function readAddons(
  names: readonly (string | undefined)[],
  siblings: Siblings,
): { readonly addons: readonly Addon[]; readonly faults: readonly AddonFault[] } {
  const faults: AddonFault[] = [];
  const addons = names.flatMap((name, index) => (name === undefined ? [] : filesOf(name, index))).flatMap(readFile);
  return { addons, faults: [...faults, ...twice(addons)] };

  function filesOf(name: string, index: number): readonly Pick<Addon, 'source' | 'entry' | 'index'>[] {
    const entries = siblings.list(name);
    if (entries === undefined) return [{ source: name, entry: name, index }];
    const directory = name.replace(/\/+$/, '');
    const files = entries
      .filter(entry => MANIFEST_NAME.test(entry))
      .map(entry => ({ source: `${directory}/${entry}`, entry: name, index }));
    if (files.length === 0) faults.push({ code: 'bad-addon', index, message: `${name} holds no file *.yaml, *.yml or *.json` });
    return files;
  }

  function readFile(file: Pick<Addon, 'source' | 'entry' | 'index'>): readonly Addon[] {
    const { source, index } = file;
    const manifest = siblings.manifest(source);
    if (manifest === undefined) return [];
    const { objects, images, faults: own } = readManifest(source, manifest);
    faults.push(...own.map(fault => ({ ...fault, index })));
    return [{ ...file, content: contentOf(manifest), objects, images }];
  }
}

function contentOf({ text }: SiblingManifest): string {
  const lines = text.replaceAll('\r\n', '\n');
  return lines.endsWith('\n') ? lines : `${lines}\n`;
}

function twice(addons: readonly Addon[]): readonly AddonFault[] {
  const first = new Map<string, AddonObject>();
  return addons.flatMap(({ index, objects }) =>
    objects.flatMap((object): readonly AddonFault[] => {
      const known = first.get(objectKey(object));
      first.set(objectKey(object), known ?? object);
      return known
        ? [{ code: 'duplicate-object', index, message: `${object.place}: ${objectText(object)} stands in ${known.place} already` }]
        : [];
    }),
  );
}
