// `verify --console-log`: what a node's console says about its boot. The lines are those of templates/node-functions.sh.
import type { Problem } from '../problem.ts';
import { finding, printable } from './finding.ts';

export interface ConsoleVerdict {
  /** The lines of kubekiln, the latest boot's last, without what the console put before them. */
  readonly lines: readonly string[];
  /** What the last of them means; absent when the node was installed. */
  readonly problem?: Problem;
}

const LINE = /\bkubekiln: (\s*\S.*?)\s*$/;
const STOPPED = /^STOPPED at ([a-z-]+): (.*)$/;
const REMEDY = /^\s+remedy: (.*)$/;
const WAITING = /^([a-z-]+): waiting: (.*)$/;
/** Whatever was waited for before it is over. */
const DONE = /^(done|etcd: starting): |^bootstrap: objects in place/;

/** @param name how problems call the log */
export function readConsoleLog(name: string, text: string): ConsoleVerdict {
  const lines = text.split(/\r?\n|\r/).flatMap(line => LINE.exec(line)?.[1] ?? []);
  const problem = verdict(name, lines);
  return { lines: lines.map(printable), ...(problem && { problem }) };
}

function verdict(name: string, lines: readonly string[]): Problem | undefined {
  const decisive = lines.findLastIndex(line => STOPPED.test(line) || WAITING.test(line) || DONE.test(line));
  const line = lines[decisive];
  if (line === undefined) {
    const hint =
      'the machine got no user-data of kubekiln, cloud-init did not run, or the console was cut off before it: look for cloud-init in the log';
    return finding(
      'boot-silent',
      name,
      lines.length === 0 ? 'no line of kubekiln in it' : `the last line of kubekiln is "${lines.at(-1)}"`,
      hint,
    );
  }
  const [, stage = '', reason = ''] = STOPPED.exec(line) ?? [];
  if (stage !== '') return finding('boot-stopped', name, `stopped at ${stage}: ${reason}`, remedyAfter(lines, decisive));
  const [, waitingAt = '', why = ''] = WAITING.exec(line) ?? [];
  if (waitingAt !== '') return finding('boot-waiting', name, `still waiting at ${waitingAt}: ${why}`);
  return undefined;
}

function remedyAfter(lines: readonly string[], index: number): string | undefined {
  const [, remedy] = REMEDY.exec(lines[index + 1] ?? '') ?? [];
  return remedy === undefined ? undefined : printable(remedy);
}
