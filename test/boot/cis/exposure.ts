// What systemd and the kernel on a host say of the daemons' sandboxes.
import type { Host } from '../host.ts';
import { eventually } from '../patience.ts';

export interface Sandbox {
  /** systemd-analyze(1), security: 0 is best, 10 worst. `live` is the running unit, `offline` its file. */
  readonly live: number;
  readonly offline: number;
  /** proc_pid_status(5): effective capabilities, NoNewPrivs, Seccomp. */
  readonly kernel: string;
}

/** Judges units of a running host, by their daemons' names. */
export async function sandboxes(host: Host, daemons: readonly string[]): Promise<ReadonlyMap<string, Sandbox>> {
  const table = await host.sh('systemd-analyze security --no-pager');
  const found = new Map<string, Sandbox>();
  for (const daemon of daemons) {
    const live = new RegExp(`^${daemon}\\.service\\s+([\\d.]+)`, 'm').exec(table)?.[1];
    // One that ended by itself is started again a second later.
    const status = await eventually(
      `${daemon} runs`,
      async () => {
        const main = `systemctl show --value --property=MainPID ${daemon}`;
        const { code, stdout } = await host.try(`grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/$(${main})/status`);
        return code === 0 && stdout;
      },
      { timeout: 30_000, explain: () => host.journal(`--unit=${daemon}.service`, '--lines=50') },
    );
    const kernel = status.trim().replaceAll(/\s+/g, ' ');
    found.set(daemon, { live: Number(live), offline: await offlineExposure(host, `/etc/systemd/system/${daemon}.service`), kernel });
  }
  return found;
}

/** Exposure of a unit file by itself. */
export async function offlineExposure(host: Host, path: string): Promise<number> {
  const { stdout } = await host.try(`systemd-analyze security --offline=true --no-pager ${path}`);
  return Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
}
