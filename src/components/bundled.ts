// What a node needs that takes programs and container images from an offline bundle. The images are containerd's before kubelet starts.
import { renderTemplate } from '../formats/mustache.ts';
import { settingValue } from '../formats/systemd.ts';
import type { Component, Contribution } from '../plan/node-plan.ts';
import { libraryProgram } from './library.ts';
import { LIBRARY_DIRECTORY, unitPath } from './locations.ts';
import { containerdProgram } from './programs.ts';

export const IMAGES_UNIT = 'kubekiln-images.service';

export const bundled: Component = {
  name: 'kubekiln-images',
  runsOn: (_node, { binaries }) => binaries.source === 'bundle',
  plan: ({ cluster, node }): Contribution => ({
    files: [
      libraryProgram('kubekiln-fetch'),
      libraryProgram('kubekiln-images', [IMAGES_UNIT]),
      {
        path: unitPath(IMAGES_UNIT),
        mode: 0o644,
        owner: 'root',
        content: renderTemplate(IMAGES_UNIT, { library: LIBRARY_DIRECTORY }, settingValue),
        part: 'runtime',
        secret: false,
        restarts: [IMAGES_UNIT],
      },
    ],
    units: [{ name: IMAGES_UNIT, startedBy: 'target' }],
    binaries: [
      {
        path: `${cluster.paths.binaries}/ctr`,
        description: 'ctr of the same containerd',
        download: containerdProgram(node, 'ctr'),
      },
    ],
  }),
};
