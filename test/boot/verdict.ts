// What a host says about itself when something is wrong, in the three places that must agree: status.json, the console, the unit's state.
import { readFile, stat } from 'node:fs/promises';
import { installStatus, type Status } from './installed-files.ts';
import type { Machine } from './machine.ts';
import { eventually } from './patience.ts';

export interface Verdict {
  readonly stage: string;
  readonly result: 'failed' | 'refused' | 'waiting' | 'done';
  /** Matches status.json's reason and, unless `console` is given, a line of the console. */
  readonly reason: RegExp;
  readonly console?: RegExp;
  readonly remedy?: RegExp;
  /** `unit ActiveState/SubState` */
  readonly unit?: readonly [name: string, state: RegExp];
}

export type ConsoleMark = number;

/** The console's end: what a host says after this moment. */
export async function consoleMark(host: Machine): Promise<ConsoleMark> {
  return (await stat(host.consoleLog).catch(() => ({ size: 0 }))).size;
}

/** Everything printed on the console since `mark`. */
export async function consoleSince(host: Machine, mark: ConsoleMark): Promise<string> {
  return (await readFile(host.consoleLog).catch(() => Buffer.alloc(0))).subarray(mark).toString('utf8');
}

/** Waits until all three say so. @throws with what they said instead */
export async function untilVerdict(host: Machine, since: ConsoleMark, verdict: Verdict, timeout = 60_000): Promise<Status> {
  const { stage, result, reason, console: line = reason, remedy, unit } = verdict;
  const explain = async () =>
    `status.json: ${JSON.stringify(await installStatus(host).catch(String))}\nconsole: ${(await consoleSince(host, since)).split('\n').slice(-25).join('\n')}\n${await state(unit)}`;
  const state = async (of: Verdict['unit']) => (of === undefined ? '' : unitState(host, of[0]).catch(String));
  const patience = { timeout, every: 100, explain };
  const status = await eventually(
    `status.json of ${host.name} says ${stage} ${result} ${reason}`,
    async () => {
      const said = await installStatus(host);
      return said.stage === stage && said.result === result && reason.test(said.reason) && (remedy?.test(said.remedy) ?? true) && said;
    },
    patience,
  );
  await eventually(
    `the console of ${host.name} says ${line}`,
    async () => (await consoleSince(host, since)).split('\n').some(said => /kubekiln: /.test(said) && line.test(said)),
    patience,
  );
  if (unit !== undefined) {
    await eventually(`${unit[0]} on ${host.name} is ${unit[1]}`, async () => unit[1].test(await unitState(host, unit[0])), patience);
  }
  return status;
}

/** `ActiveState/SubState`, as `activating/start-pre`. */
export async function unitState(host: Machine, unit: string): Promise<string> {
  const shown = await host.sh(`systemctl show --property=ActiveState,SubState ${unit}`);
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(shown)?.[1] ?? '';
  return `${value('ActiveState')}/${value('SubState')}`;
}
