// A running control plane, whoever laid it out: hosts with their addresses, and the operator's way to them.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capture } from './command.ts';
import type { Host } from './host.ts';
import type { Network } from './network.ts';
import type { Operator } from './operator.ts';
import { eventually, sleep } from './patience.ts';
import { REPOSITORY } from './repository.ts';

export interface Member {
  readonly name: string;
  readonly address: string;
  readonly host: Host;
}

export interface ControlPlane {
  readonly network: Network;
  readonly operator: Operator;
  readonly members: readonly Member[];
  /** The cluster's other hosts. */
  readonly workers: readonly Member[];
}

/** One start order: members by index, each with the milliseconds that it is switched on after the one before. */
export type StartOrder = readonly { readonly index: number; readonly after: number }[];

/** All at once. */
export const AT_ONCE: StartOrder = [0, 1, 2].map(index => ({ index, after: 0 }));

/** Switches the hosts on in that order. Returns when power was given to the first (milliseconds of `performance.now`), as soon as the last one has it. */
export async function powerOn(plane: ControlPlane, order: StartOrder = AT_ONCE): Promise<number> {
  const since = performance.now();
  for (const { index, after } of order) {
    await sleep(after);
    await member(plane, index).host.start();
  }
  return since;
}

/** Waits until /readyz is ok on all `members`. Returns milliseconds from `since` to that moment. @throws with what each host says when it takes longer than `timeout` */
export async function untilReady(plane: ControlPlane, since: number, members = plane.members, timeout = 180_000): Promise<number> {
  const ready = members.map(({ name, address }) =>
    eventually(`${name} is ready`, () => plane.operator.ready(address), { timeout, every: 250, explain: () => describe(plane) }),
  );
  const results = await Promise.allSettled(ready);
  const failed = results.find(result => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return performance.now() - since;
}

/** The member at that place. @throws when there is none */
export function member(plane: ControlPlane, index: number): Member {
  const found = plane.members[index];
  if (found === undefined) throw new Error(`no member ${index}`);
  return found;
}

/** Control plane and workers. */
export function everyHost(plane: ControlPlane): readonly Member[] {
  return [...plane.members, ...plane.workers];
}

/** The last things that each host said, for the text of a failure. */
export async function describe(plane: ControlPlane): Promise<string> {
  const parts = everyHost(plane).map(async ({ name, host }) => {
    const console_ = await capture('tail', ['-n', '25', host.consoleLog]);
    const status = await capture('cat', [join(host.root, 'var/lib/kubekiln/status.json')]);
    const warnings = await host.journal('--boot', '--priority=warning', '--lines=25').catch(error => String(error));
    return [
      `== ${name}: console`,
      console_.stdout.trim(),
      `== ${name}: status.json`,
      status.stdout.trim() || 'none',
      `== ${name}: journal`,
      warnings.trim(),
    ].join('\n');
  });
  return (await Promise.all(parts)).join('\n');
}

/** Keeps each host's console and journal in build/boot-logs/<label>/ (or KUBEKILN_BOOT_LOGS) for whoever reads a failure. */
export async function keepLogs(plane: ControlPlane, label: string): Promise<void> {
  const directory = join(process.env.KUBEKILN_BOOT_LOGS ?? join(REPOSITORY, 'build/boot-logs'), label);
  await mkdir(directory, { recursive: true });
  for (const { name, host } of everyHost(plane)) {
    await cp(host.consoleLog, join(directory, `${name}.console.log`)).catch(() => {});
    await writeFile(join(directory, `${name}.journal.log`), await host.journal('--output=short-precise').catch(error => String(error)));
  }
}

/** Cuts all hosts, deletes their disks and the network. */
export async function tearDown(plane: ControlPlane): Promise<void> {
  await Promise.all(everyHost(plane).map(({ host }) => host.remove()));
  await plane.network.remove();
}
