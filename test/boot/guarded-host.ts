// What tests of the installer's guards do to a host, and what they wait for.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlane, describe } from './control-plane.ts';
import type { Host } from './host.ts';
import { eventually } from './patience.ts';
import { unitState } from './verdict.ts';

export const FIRST_BOOT = 'kubekiln-first-boot.service';
/** systemd will try again: the state of a unit that stopped, and whose cause may go away. */
export const RETRIES = [FIRST_BOOT, /^activating\/auto-restart$/] as const;
export const STATE = 'var/lib/kubekiln';
/** Short waits. */
export const SPEC = { addressWait: '2s', clockWait: '2s', bootstrapPatience: 'never' };

/** Waits until the payload is installed and etcd runs. */
export async function untilInstalled(plane: ControlPlane, host: Host): Promise<void> {
  const runs = async () => (await unitState(host, 'etcd.service')) === 'active/running';
  await eventually(`${host.name} is installed`, runs, { explain: () => describe(plane) });
}

/** systemd tries again every 15 seconds; the test of missing programs waits for that, the others do not. */
export async function tryAgainNow(host: Host): Promise<void> {
  await host.sh(`systemctl restart --no-block ${FIRST_BOOT}`);
}

export function assertNotInstalled({ root }: Host): void {
  for (const path of [
    `${STATE}/current`,
    'etc/kubernetes/pki/ca.crt',
    'usr/local/libexec/kubekiln',
    'etc/systemd/system/kubekiln.target',
  ]) {
    assert.equal(existsSync(join(root, path)), false, path);
  }
}
