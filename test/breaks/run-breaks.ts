// npm run test:breaks [-- WORDS]: breaks one thing at a time in a copy of the repository and shows the test that goes red; with words, only the
// breaks whose name or file holds them. `boot` as the first word: the guards of a node, each on booted hosts (as root; about a minute each).
// Exit code 1 when a break stays green.
import { availableParallelism } from 'node:os';
import { BREAKS } from './all-breaks.ts';
import { BOOT_BREAKS } from './boot-breaks.ts';
import type { Break } from './break.ts';
import { RepositoryCopy } from './repository-copy.ts';

const COPIES = Math.min(2, availableParallelism());

interface Outcome {
  readonly red: readonly string[];
  /** Named tests that did not notice. */
  readonly green: readonly string[];
}

/** Works through the items with all copies; each copy does one at a time. */
async function share<T>(copies: readonly RepositoryCopy[], items: readonly T[], work: (copy: RepositoryCopy, item: T) => Promise<void>) {
  const waiting = [...items];
  await Promise.all(
    copies.map(async copy => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(copy, item);
    }),
  );
}

/** Hosts are made from the program as it is shipped. */
const boots = (test: string) => test.startsWith('boot/');

async function tryBreak(copy: RepositoryCopy, one: Break): Promise<Outcome> {
  return copy.broken(one, async () => {
    const red: string[] = [];
    const green: string[] = [];
    for (const test of one.tests) {
      const { failed, reason, invalid } = await copy.test(test);
      if (failed === undefined) green.push(`${test}: ${invalid ?? 'nothing failed'}`);
      else red.push(`${test}: ${failed}${boots(test) && reason !== undefined ? ` (${reason})` : ''}`);
    }
    return { red, green };
  });
}

/** Test files that are not green without any break: nothing can be learnt from them. */
async function brokenBefore(copies: readonly RepositoryCopy[], breaks: readonly Break[]): Promise<readonly string[]> {
  const found: string[] = [];
  const tests = new Set(breaks.flatMap(one => one.tests));
  if (breaks.some(one => one.program || one.tests.some(boots))) await Promise.all(copies.map(copy => copy.bundle()));
  await share(copies, [...tests], async (copy, test) => {
    const { failed, invalid } = await copy.test(test);
    const reason = failed ?? invalid;
    // A loaded machine makes hosts late: a boot test gets a second chance.
    const again = reason !== undefined && boots(test) ? await copy.test(test) : { failed, invalid };
    if ((again.failed ?? again.invalid) !== undefined) found.push(`${test}: ${reason}`);
  });
  return found;
}

async function main(words: readonly string[]): Promise<boolean> {
  const start = performance.now();
  const booting = words[0] === 'boot';
  if (booting && process.getuid?.() !== 0) throw new Error('breaks of a node boot real hosts with systemd-nspawn, which needs root');
  const wanted = booting ? words.slice(1) : words;
  const breaks = (booting ? BOOT_BREAKS : BREAKS).filter(({ name, file }) => wanted.every(word => `${name} ${file}`.includes(word)));
  const copies = Array.from({ length: COPIES }, () => new RepositoryCopy());
  try {
    await Promise.all(copies.map(copy => copy.prepare()));
    const before = await brokenBefore(copies, breaks);
    for (const line of before) console.log(`red before anything is broken: ${line}`);
    if (before.length > 0) return false;
    let missed = 0;
    await share(copies, breaks, async (copy, one) => {
      const { red, green } = await tryBreak(copy, one);
      missed += Number(green.length > 0);
      console.log(`${green.length > 0 ? 'GREEN' : 'red  '}  ${one.name}  (${one.file})`);
      for (const line of red) console.log(`         ${line}`);
      for (const line of green) console.log(`         NOT NOTICED by ${line}`);
    });
    console.log(`\n${breaks.length - missed} of ${breaks.length} breaks are noticed (${Math.round((performance.now() - start) / 1000)} s)`);
    return missed === 0 && breaks.length > 0;
  } finally {
    for (const copy of copies) copy.remove();
  }
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
