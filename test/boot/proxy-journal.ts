// What a worker's local proxy says of an API server: its journal has a line for each change.
import type { Member } from './control-plane.ts';
import { eventually } from './patience.ts';

export interface ServerEvent {
  /** milliseconds since 1970 */
  readonly at: number;
  readonly state: 'UP' | 'DOWN' | 'stopping';
}

/** What became of `server` since a moment (milliseconds since 1970), as the proxy on `worker` saw it, in order. */
export async function serverEvents(worker: Member, server: Member, since = 0): Promise<readonly ServerEvent[]> {
  const lines = await worker.host.journal('--unit=local-proxy', '--output=short-unix', `--since=@${since / 1000}`);
  const pattern = new RegExp(`^(\\d+\\.\\d+) .*Server kube-apiserver/${server.name} is (UP|DOWN|stopping)\\b`, 'gm');
  return [...lines.matchAll(pattern)].map(([, time, state]) => ({ at: Number(time) * 1000, state: state as ServerEvent['state'] }));
}

/** Waits until the proxy last said so of that server; a proxy that has said nothing yet takes every server to be up. */
export async function untilServer(worker: Member, server: Member, state: ServerEvent['state']): Promise<void> {
  await eventually(
    `the local proxy of ${worker.name} says that ${server.name} is ${state}`,
    async () => ((await serverEvents(worker, server)).at(-1)?.state ?? 'UP') === state,
    { explain: async () => JSON.stringify(await serverEvents(worker, server)) },
  );
}
