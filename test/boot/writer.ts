import type { ControlPlane } from './control-plane.ts';
import { sleep } from './patience.ts';

export interface WriteReport {
  /** Names of the ConfigMaps whose creation was acknowledged, in order. */
  readonly acknowledged: readonly string[];
  /** Milliseconds of the longest time without an acknowledged write. */
  readonly longestGap: number;
  /** Requests that failed or had no answer. */
  readonly failures: number;
}

export interface Writer {
  /** The report so far, from then on counted anew. */
  lap(): WriteReport;
  stop(): Promise<WriteReport>;
}

/** Writes one ConfigMap a second, by turns at each API server; whoever does not answer is passed over at once, as by a client with a list of servers. */
export function startWriter(plane: ControlPlane, prefix = 'write'): Writer {
  const path = '/api/v1/namespaces/default/configmaps';
  const servers = plane.members.map(member => member.address);
  let [server, count, stopped] = [0, 0, false];
  let [acknowledged, failures, longestGap]: [string[], number, number] = [[], 0, 0];
  let last = performance.now();

  async function write(name: string): Promise<void> {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    while (!stopped) {
      const status = await plane.operator.request(servers[server] ?? '', { method: 'POST', path, body, timeout: 2 });
      // 409: an earlier attempt without an answer was taken after all.
      if (status === 201 || status === 409) {
        acknowledged.push(name);
        longestGap = Math.max(longestGap, performance.now() - last);
        last = performance.now();
        server = (server + 1) % servers.length;
        return;
      }
      failures++;
      server = (server + 1) % servers.length;
      await sleep(100);
    }
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      const next = performance.now() + 1000;
      await write(`${prefix}-${count++}`);
      await sleep(Math.max(0, next - performance.now()));
    }
  }

  function lap(): WriteReport {
    const report = { acknowledged, failures, longestGap: Math.max(longestGap, performance.now() - last) };
    [acknowledged, failures, longestGap] = [[], 0, 0];
    return report;
  }

  const done = loop();
  return {
    lap,
    stop: async () => {
      const report = lap();
      stopped = true;
      await done;
      return report;
    },
  };
}
