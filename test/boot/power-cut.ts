// One power cut: where it is meant to fall, waiting for that moment on a running host, and where it fell.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Places, progressOf, type Stage } from './boot-stages.ts';
import type { Host } from './host.ts';
import { sleep } from './patience.ts';

export interface Cut {
  readonly stage: Stage;
  /** Where inside the stage: 0 its beginning, 1 its end. */
  readonly fraction: number;
}

/** Milliseconds that each stage took on an uncut run. */
export type Durations = Readonly<Record<Stage, number>>;

const STATE = 'var/lib/kubekiln';
const LONGEST_WAIT = 90_000;

/** Waits for the moment of `cut`, cuts, and returns the stage that the disk tells of afterwards. `since`: time of its power-on (ms since 1970). */
export async function cutAt(host: Host, cut: Cut, places: Places, durations: Durations, since: number): Promise<Stage> {
  const has = (path: string) => existsSync(join(host.root, path));
  const installed = () => has(`${STATE}/current`);
  const nth = (paths: readonly string[]) => paths[Math.min(paths.length - 1, Math.floor(cut.fraction * paths.length))] ?? '';
  const staged = `${STATE}/payload/1`;
  const file = nth(cut.stage === 'inside write_files' ? places.staged.slice(0, -1) : places.final);
  const delay = cut.fraction * durations[cut.stage];
  const end = Date.now() + LONGEST_WAIT;
  const until = async (is: () => boolean, every?: number) => {
    while (!is() && !installed() && Date.now() < end) await (every === undefined ? setImmediate() : sleep(every));
  };
  const reached = async (stage: Stage) => {
    const now = () => progressOf(host, places, since).stage;
    while (now() !== stage && Date.now() < end) await sleep(10);
  };
  switch (cut.stage) {
    case 'cloud-init, before write_files':
      await sleep(delay);
      break;
    case 'inside write_files':
      await until(() => has(staged), 5);
      await until(() => has(file));
      break;
    case 'installer: checks':
      await until(() => has(`${staged}/.complete`), 5);
      await sleep(delay);
      break;
    case 'installer: new files beside the old':
      await until(() => has(`${staged}/.complete`), 5);
      await until(() => has(`${file}.kubekiln-new`));
      break;
    case 'installer: inside the moves':
      await until(() => has(`${staged}/.complete`), 5);
      await until(() => has(`${STATE}/applying`) && has(file));
      break;
    case 'installer: system, adoption':
      await until(() => has(`${STATE}/applying`), 5);
      await until(() => progressOf(host, places, since).stage === cut.stage);
      await sleep(delay);
      break;
    case 'cloud-init, after the installer':
    case "daemons' first minutes":
      await reached(cut.stage);
      await sleep(delay);
      break;
  }
  await host.cut();
  return progressOf(host, places, since).stage;
}
