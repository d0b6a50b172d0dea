import type { TestContext } from 'node:test';
import type { ControlPlane } from '../control-plane.ts';
import { API_SERVER_CHECKS } from './api-server.ts';
import { BOOTSTRAP_CHECKS } from './bootstrap-objects.ts';
import type { Check } from './check.ts';
import { CONTROLLER_CHECKS } from './controllers.ts';
import { ETCD_CHECKS } from './etcd.ts';
import { SYSTEM_CHECKS } from './system.ts';

/** What is true of every cluster that kubekiln's artifacts brought up, whatever brought them. Bootstrap objects first: others wait for them. */
export const ALL_CHECKS: readonly Check[] = [
  ...BOOTSTRAP_CHECKS,
  ...API_SERVER_CHECKS,
  ...ETCD_CHECKS,
  ...CONTROLLER_CHECKS,
  ...SYSTEM_CHECKS,
];

/** Runs checks as subtests on a booted cluster. */
export async function runChecks(t: TestContext, plane: ControlPlane, checks: readonly Check[] = ALL_CHECKS): Promise<void> {
  for (const check of checks) {
    await t.test(check.name, async subtest => {
      const said = await check.run(plane);
      if (said !== undefined) subtest.diagnostic(said);
    });
  }
}
