// Every order in which three hosts can be switched on, by both entrances; and one host minutes late.
import { type TestContext, test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { runChecks } from './checks/all-checks.ts';
import { ETCD_CHECKS } from './checks/etcd.ts';
import { powerOn, type StartOrder, untilReady } from './control-plane.ts';
import { type Carrier, createHosts } from './kubekiln-hosts.ts';
import { seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

const ORDERS = ['123', '132', '213', '231', '312', '321'];
/** Seconds between one host's switch and the next one's. */
const GAPS = [6, 3];
const LATE = 120;

for (const carrier of ['user-data', 'tarball'] as const satisfies readonly Carrier[]) {
  test(`by ${carrier}: every start order`, { timeout: 1_800_000 }, async t => {
    const built = await buildCluster();
    const boot = (subtest: TestContext, label: string, order: StartOrder) =>
      withControlPlane(
        `${carrier}-${label}`,
        () => createHosts(built, carrier),
        async plane => {
          const took = await untilReady(plane, await powerOn(plane, order), plane.members, 120_000);
          await runChecks(subtest, plane, ETCD_CHECKS.slice(0, 1));
          return took;
        },
      );

    for (const digits of ORDERS) {
      const order = [...digits].map((digit, place) => ({
        index: Number(digit) - 1,
        after: place === 0 ? 0 : (GAPS[place - 1] ?? 0) * 1000,
      }));
      await t.test(`hosts ${[...digits].join(', ')}`, { timeout: 300_000 }, async subtest => {
        subtest.diagnostic(`first power-on to /readyz on all three: ${seconds(await boot(subtest, digits, order))}`);
      });
    }
    await t.test(`hosts 1, 2 and, ${LATE} s later, 3`, { timeout: 420_000 }, async subtest => {
      const took = await boot(
        subtest,
        'late',
        [0, 1, 2].map(index => ({ index, after: index === 2 ? LATE * 1000 : 0 })),
      );
      subtest.diagnostic(`ready ${seconds(took - LATE * 1000)} after the last host was switched on`);
    });
  });
}
