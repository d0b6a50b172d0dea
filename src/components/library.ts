// Our own programs on the node: shell scripts that are the same everywhere; what differs stands in node.env.

import { renderTemplate } from '../formats/mustache.ts';
import { compactScript } from '../formats/shell.ts';
import type { PlannedFile } from '../plan/node-plan.ts';
import {
  BINARIES_FILE,
  COMMAND_DIRECTORY,
  DOWNLOAD_SETTINGS_FILE,
  LIBRARY_DIRECTORY,
  NODE_ENV_FILE,
  STATE_DIRECTORY,
} from './locations.ts';

/** templates/`name`.sh as an executable of LIBRARY_DIRECTORY. */
export function libraryProgram(name: string, restarts: readonly string[] = []): PlannedFile {
  return program(LIBRARY_DIRECTORY, name, restarts);
}

/** templates/`name`.sh as a command that an operator types. */
export function operatorCommand(name: string): PlannedFile {
  return program(COMMAND_DIRECTORY, name, []);
}

function program(directory: string, name: string, restarts: readonly string[]): PlannedFile {
  return {
    path: `${directory}/${name}`,
    mode: 0o755,
    owner: 'root',
    content: programText(name),
    part: 'runtime',
    secret: false,
    restarts,
  };
}

const texts = new Map<string, string>();

/** Rendered once: it is the same on every node. */
function programText(name: string): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const view = {
    state: STATE_DIRECTORY,
    library: LIBRARY_DIRECTORY,
    nodeEnv: NODE_ENV_FILE,
    binariesFile: BINARIES_FILE,
    settings: DOWNLOAD_SETTINGS_FILE.slice(1),
  };
  const text = compactScript(renderTemplate(`${name}.sh`, view, value => value));
  texts.set(name, text);
  return text;
}
