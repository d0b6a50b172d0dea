// What Packer reads: the templates of packer/, which are the same for every cluster, and the values of this one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../formats/package-root.ts';
import type { ImagePlan } from '../plan/image-plan.ts';
import { type Artifact, bytesOf, PUBLIC_MODE } from './artifact.ts';

/** Folders of packer/ and where they stand below image/. Packer reads one directory: the builders of clouds are not those of `packer build out/prod/image`. */
const FOLDERS = [
  ['qemu', 'image'],
  ['clouds', 'image/clouds'],
  ['plugins', 'image/plugins'],
] as const;
export const VARIABLES_FILE = 'kubekiln.auto.pkrvars.json';

/** HCL2 templates and the variables file beside them. */
export function packerInput(plan: ImagePlan): readonly Artifact[] {
  const variables = {
    image_name: `kubekiln-${plan.clusterName}-${plan.kubernetesVersion}`.replace(/[^a-z0-9-]+/g, '-'),
    architecture: plan.machines[0]?.architecture ?? 'amd64',
  };
  const values = bytesOf(`${JSON.stringify(variables, null, 2)}\n`);
  return FOLDERS.flatMap(([folder, place]) => [
    ...templatesOf(folder).map(({ name, content }) => ({ path: `${place}/${name}`, mode: PUBLIC_MODE, content })),
    ...(folder === 'plugins' ? [] : [{ path: `${place}/${VARIABLES_FILE}`, mode: PUBLIC_MODE, content: values }]),
  ]);
}

// Part of the program, as templates/ is: the same name always gives the same bytes.
const cache = new Map<string, readonly { readonly name: string; readonly content: Uint8Array }[]>();

function templatesOf(folder: string): readonly { readonly name: string; readonly content: Uint8Array }[] {
  const known = cache.get(folder);
  if (known !== undefined) return known;
  const directory = join(packageRoot(), 'packer', folder);
  const found = readdirSync(directory)
    .sort()
    .map(name => ({ name, content: readFileSync(join(directory, name)) }));
  cache.set(folder, found);
  return found;
}
