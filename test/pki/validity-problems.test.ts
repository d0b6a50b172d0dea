import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { ActiveAuthority, InventoryItem } from '../../src/pki/inventory.ts';
import { authorityProblems, leafValidityProblems, quietTime } from '../../src/pki/validity-problems.ts';

const DAY = 86_400;
const life = fc.record({ notBefore: fc.integer({ min: 0, max: 400 * DAY }), days: fc.integer({ min: 1, max: 3650 }) });
const dates = life.map(({ notBefore, days }) => ({ notBefore, notAfter: notBefore + days * DAY }));

it('nothing is said of dates in the quiet time, and something just beside it', () => {
  const input = fc.record({
    authorities: fc.array(dates, { minLength: 1, maxLength: 3 }),
    leaves: fc.array(dates, { maxLength: 5 }),
    validity: fc.integer({ min: 1, max: 400 }).map(days => days * DAY),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  let quiet = 0;
  fc.assert(
    fc.property(input, ({ authorities, leaves, validity, share }) => {
      // only what is read here
      const read = authorities.map(one => ({ name: 'etcd', stored: { id: 'etcd-1' }, ...one }) as ActiveAuthority);
      const items = leaves.map(one => ({ request: { name: 'leaf' }, stored: { read: one } }) as InventoryItem);
      const problems = (now: number) =>
        [...read.flatMap(one => authorityProblems(one, now, validity)), ...leafValidityProblems(items, now)].length;
      const { from, until } = quietTime(read, leaves, validity);
      assert.ok(problems(from - 1) > 0);
      assert.ok(problems(Math.floor(until) + 1) > 0);
      if (from > until) return;
      quiet++;
      for (const now of [from, from + (until - from) * share, until]) assert.equal(problems(now), 0, `at ${now} of ${from} to ${until}`);
    }),
  );
  assert.ok(quiet > 5, `${quiet} with a quiet time`);
});
