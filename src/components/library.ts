// Our own programs on the node: shell scripts that are the same everywhere; what differs stands in node.env.

import { renderTemplate, type TemplateView } from '../formats/mustache.ts';
import { remembered } from '../formats/remembered.ts';
import { compactScript } from '../formats/shell.ts';
import type { PlannedFile } from '../plan/node-plan.ts';
import {
  BINARIES_FILE,
  DOWNLOAD_SETTINGS_FILE,
  ETCD_CLIENT_PORT,
  LIBRARY_DIRECTORY,
  NODE_ENV_FILE,
  STATE_DIRECTORY,
  UNIT_DIRECTORY,
} from './locations.ts';

/** templates/`name`.sh as an executable of LIBRARY_DIRECTORY. */
export function libraryProgram(name: string, restarts: readonly string[] = []): PlannedFile {
  return { restarts, ...plannedProgram(`${LIBRARY_DIRECTORY}/${name}`, programText(name)) };
}

/** templates/`name`.sh with what the cluster decides, the same on all its nodes. */
export function clusterProgram(name: string, view: TemplateView): PlannedFile {
  return { restarts: [], ...plannedProgram(`${LIBRARY_DIRECTORY}/${name}`, renderedProgram({ name, view })) };
}

function plannedProgram(path: string, content: string): Omit<PlannedFile, 'restarts'> {
  return {
    path,
    mode: 0o755,
    owner: 'root',
    content,
    part: 'runtime',
    secret: false,
  };
}

const renderedProgram = remembered(
  ({ name, view }: { readonly name: string; readonly view: TemplateView }) =>
    compactScript(renderTemplate(`${name}.sh`, view, value => value)),
  ({ name, view }) => `${name} ${JSON.stringify(view)}`,
);

/** templates/`name`.sh, the same on every node. */
export function programText(name: string): string {
  const view = {
    state: STATE_DIRECTORY,
    library: LIBRARY_DIRECTORY,
    units: UNIT_DIRECTORY,
    nodeEnv: NODE_ENV_FILE,
    binariesFile: BINARIES_FILE,
    etcdClientPort: ETCD_CLIENT_PORT,
    settings: DOWNLOAD_SETTINGS_FILE.slice(1),
  };
  return renderedProgram({ name, view });
}
