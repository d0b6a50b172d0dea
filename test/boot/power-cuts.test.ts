// Power cuts of random hosts at random moments from power-on to the daemons' first minutes. KUBEKILN_SEED repeats a run's draws.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { placesOf, progressOf, STAGES, type Stage } from './boot-stages.ts';
import { type BuiltCluster, buildCluster } from './built-cluster.ts';
import { run } from './command.ts';
import { type ControlPlane, type Member, powerOn, untilReady } from './control-plane.ts';
import { etcdctl, etcdMembers } from './etcd.ts';
import { startEtcdWriter } from './etcd-writer.ts';
import { installedFiles } from './installed-files.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, seconds, sleep } from './patience.ts';
import { type Cut, cutAt, type Durations } from './power-cut.ts';
import { below, randomFrom } from './random-moments.ts';
import { withControlPlane } from './with-control-plane.ts';

const FULL = process.env.KUBEKILN_BOOT_FULL === '1';
const SEED = Number(process.env.KUBEKILN_SEED ?? Date.now() % 1_000_000);
/** Cuts of a run: in CI these stages once and one more at random; in the full run this many, each stage at least so often. */
const BOUNDED_STAGES: readonly Stage[] = ['inside write_files', 'installer: inside the moves', "daemons' first minutes"];
const CUTS = 60;
const PER_STAGE = 5;
const MOST_ROUNDS = 20;
/** Cuts of one host before it is left alone. */
const CUTS_PER_HOST = 4;
/** How long after cloud-init's end a cut of the last stage may fall, in milliseconds. */
const DAEMONS = FULL ? 30_000 : 8000;

test('power cuts at random moments', { timeout: 1_800_000 }, async t => {
  const built = await buildCluster({ spec: { bootstrapPatience: '5s' } });
  t.diagnostic(`KUBEKILN_SEED=${SEED}`);
  const random = randomFrom(SEED);
  await withControlPlane(
    'power-cuts',
    () => createHosts(built, 'user-data'),
    async plane => {
      const { files, durations } = await uncutRun(t, plane, built);
      const fell = new Map<Stage, number>(STAGES.map(stage => [stage, 0]));
      const total = () => [...fell.values()].reduce((sum, count) => sum + count, 0);
      const enough = () =>
        total() >= (FULL ? CUTS : BOUNDED_STAGES.length) && (!FULL || [...fell.values()].every(count => count >= PER_STAGE));
      for (let round = 1; !enough() && round <= MOST_ROUNDS; round++) {
        const lives = FULL ? dealCuts(random, plane.members.length, fell) : boundedCuts(random, plane.members.length);
        await t.test(`round ${round}: up to ${lives.flat().length} cuts, then all is there`, async subtest => {
          await Promise.all(plane.members.map(({ host }) => host.renewDisk()));
          await cutRound(subtest, plane, built, lives, durations, fell);
          for (const [index, { host, name }] of plane.members.entries()) {
            assert.deepEqual(await installedFiles(host), files[index], `${name} differs from an uncut run`);
          }
        });
      }
      for (const [stage, count] of fell) t.diagnostic(`${stage.padEnd(36)} ${'#'.repeat(count)} ${count}`);
      t.diagnostic(`${total()} cuts`);
      assert.ok(enough(), 'too few cuts, or too few in one stage');
    },
  );
});

/** Boots all hosts, cuts nothing, and says what is installed then and how long each stage took. */
async function uncutRun(
  t: TestContext,
  plane: ControlPlane,
  built: BuiltCluster,
): Promise<{ files: readonly (readonly string[])[]; durations: Durations }> {
  const since = Date.now();
  await powerOn(plane);
  const lengths = await Promise.all(plane.members.map(async of => watchStages(of, await placesOfNode(built, of), since)));
  const files = await Promise.all(plane.members.map(({ host }) => installedFiles(host)));
  const length = (stage: Stage) => Math.round(lengths.reduce((sum, of) => sum + (of.get(stage) ?? 0), 0) / lengths.length);
  const durations = { ...Object.fromEntries(STAGES.map(stage => [stage, length(stage)])), [STAGES[7]]: DAEMONS } as unknown as Durations;
  for (const stage of STAGES.slice(0, -1)) t.diagnostic(`uncut: ${stage.padEnd(36)} ${durations[stage]} ms`);
  return { files, durations };
}

async function watchStages(
  { host, name }: Member,
  places: ReturnType<typeof placesOf>,
  since: number,
): Promise<ReadonlyMap<Stage, number>> {
  const lengths = new Map<Stage, number>();
  let last = performance.now();
  await eventually(
    `${name} is installed`,
    async () => {
      const { stage } = progressOf(host, places, since);
      const now = performance.now();
      lengths.set(stage, (lengths.get(stage) ?? 0) + now - last);
      last = now;
      return stage === STAGES[7];
    },
    { every: 5 },
  );
  return lengths;
}

/** Each host's cuts, in the order in which a first boot comes by; at first those stages that lack cuts. */
function dealCuts(random: () => number, hosts: number, fell: ReadonlyMap<Stage, number>): readonly (readonly Cut[])[] {
  const lacking = STAGES.filter(stage => (fell.get(stage) ?? 0) < PER_STAGE);
  const choice = lacking.length > 0 ? lacking : STAGES;
  const drawn = Array.from(
    { length: hosts * CUTS_PER_HOST },
    (_, index) => choice[index] ?? choice[below(random, choice.length)] ?? STAGES[0],
  );
  for (let index = drawn.length - 1; index > 0; index--) {
    const other = below(random, index + 1);
    const [one, two] = [drawn[index] ?? STAGES[0], drawn[other] ?? STAGES[0]];
    [drawn[index], drawn[other]] = [two, one];
  }
  return Array.from({ length: hosts }, (_, host) => inOrder(random, drawn.slice(host * CUTS_PER_HOST, (host + 1) * CUTS_PER_HOST)));
}

function boundedCuts(random: () => number, hosts: number): readonly (readonly Cut[])[] {
  const stages = [...BOUNDED_STAGES, STAGES[below(random, STAGES.length)] ?? STAGES[0]];
  const first = below(random, hosts);
  return Array.from({ length: hosts }, (_, host) =>
    inOrder(
      random,
      stages.filter((_stage, index) => (index + first) % hosts === host),
    ).map(early),
  );
}

function inOrder(random: () => number, stages: readonly Stage[]): readonly Cut[] {
  return [...stages].sort((a, b) => STAGES.indexOf(a) - STAGES.indexOf(b)).map(stage => ({ stage, fraction: random() }));
}

async function cutRound(
  t: TestContext,
  plane: ControlPlane,
  built: BuiltCluster,
  lives: readonly (readonly Cut[])[],
  durations: Durations,
  fell: Map<Stage, number>,
): Promise<void> {
  const writer = await startEtcdWriter(plane, built);
  await Promise.all(
    plane.members.map(async (of, index) => {
      const places = await placesOfNode(built, of);
      let last = -1;
      for (const cut of lives[index] ?? []) {
        if (!laterThan(last, cut.stage)) continue;
        const since = Date.now();
        await of.host.start();
        const stage = await cutAt(of.host, cut, places, durations, since);
        fell.set(stage, (fell.get(stage) ?? 0) + 1);
        last = STAGES.indexOf(stage);
        await sleep(100);
      }
      await of.host.start();
    }),
  );
  const took = await untilReady(plane, performance.now());
  const acknowledged = await writer.stop();
  t.diagnostic(`ready ${seconds(took)} after the last cut; ${acknowledged.length} writes acknowledged`);
  for (const of of plane.members) {
    await etcdctl(plane, of, 'get', 'health');
    const keys = (await etcdctl(plane, of, 'get', '--prefix', 'acknowledged/', '--keys-only', '--consistency=s')).split('\n');
    assert.deepEqual(
      acknowledged.filter(key => !keys.includes(key)),
      [],
      `${of.name} lost writes`,
    );
    assert.equal(existsSync(join(of.host.root, 'var/lib/kubekiln/applying')), false, of.name);
  }
  const ids = await Promise.all(plane.members.map(async of => (await etcdMembers(plane, of)).clusterId));
  assert.equal(new Set(ids).size, 1, `cluster ids ${ids.join(', ')}`);
}

/** The stages of files last tens of milliseconds and a cut takes some: bounded runs aim at their first half. */
function early(cut: Cut): Cut {
  return { ...cut, fraction: cut.fraction / 2 };
}

/** After a cut the disk stands in its stage until the next boot has come so far: only a later one can be told from it. */
function laterThan(last: number, stage: Stage): boolean {
  const index = STAGES.indexOf(stage);
  return index > last || (index === 0 && last === 0) || index === STAGES.length - 1;
}

async function placesOfNode(built: BuiltCluster, of: Member): Promise<ReturnType<typeof placesOf>> {
  const archive = join(built.out, 'nodes', of.name, 'node.tar.gz');
  return placesOf(await run('tar', ['--extract', '--gzip', '--to-stdout', '--file', archive, '--wildcards', '*plan']), 1);
}
