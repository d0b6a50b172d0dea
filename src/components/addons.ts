// Manifests of the operator: files as they were written, which kubekiln-bootstrap applies in the order of their names.
import type { Component, PlannedFile } from '../plan/node-plan.ts';
import type { Addon } from '../spec/cluster.ts';
import { BOOTSTRAP_UNIT } from './bootstrap.ts';
import { libraryProgram } from './library.ts';
import { LIBRARY_DIRECTORY } from './locations.ts';

/** `addons/my ingress.yaml`, the second of them, is `02-my-ingress.yaml` on the node. */
function nodeFile({ source, content }: Addon, place: number, count: number): PlannedFile {
  const digits = String(count).length;
  const name = source.slice(source.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9._-]+/g, '-');
  return {
    path: `${LIBRARY_DIRECTORY}/addons/${String(place + 1).padStart(digits, '0')}-${name}`,
    mode: 0o600,
    owner: 'root',
    content,
    part: 'runtime',
    secret: false,
    fromOperator: true,
    restarts: [BOOTSTRAP_UNIT],
  };
}

export const addons: Component = {
  name: 'addons',
  runsOn: node => node.role === 'control-plane',
  images: ({ addons }) => addons.flatMap(({ source, images }) => images.map(image => ({ image, usedBy: `the manifest ${source}` }))),
  plan: ({ cluster: { addons } }) => ({
    files:
      addons.length === 0
        ? []
        : [libraryProgram('kubekiln-addons', [BOOTSTRAP_UNIT]), ...addons.map((addon, place) => nodeFile(addon, place, addons.length))],
  }),
};
