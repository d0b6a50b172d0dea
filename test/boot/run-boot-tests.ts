// npm run test:boot (bounded: each behaviour once) and npm run test:boot:full (everything). Fills the cache, then hands over to node:test, one file at
// a time: test clusters want the whole machine.
// usage: node run-boot-tests.js [full] [FILE…]        (KUBEKILN_DEBIAN=trixie: on Debian 13)
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DebianSuite, debianSuite, ensureEtcd, ensureKubernetes, ensureRootFileSystem, forgetCompilerCaches } from './cache.ts';
import { testImages } from './images/test-images.ts';
import { nodePrograms } from './node-programs.ts';

/** Every boot test; `bounded` ones run in CI as well. */
const TESTS = [
  { name: 'floor', bounded: true },
  { name: 'pod-hosts', bounded: true },
  { name: 'whole-cluster', bounded: true },
  { name: 'addons', bounded: true },
  { name: 'registry', bounded: false },
  { name: 'kube-proxy-configuration', bounded: true },
  { name: 'pod-network', bounded: true },
  { name: 'user-data', bounded: true },
  { name: 'encodings', bounded: true },
  { name: 'tarball', bounded: true },
  { name: 'failover', bounded: true },
  { name: 'local-proxy', bounded: true },
  { name: 'late-workers', bounded: true },
  { name: 'kubelet-over-time', bounded: false },
  { name: 'status', bounded: false },
  { name: 'host-preparation', bounded: false },
  { name: 'cis', bounded: true },
  { name: 'exposure', bounded: true },
  { name: 'security-defaults', bounded: true },
  { name: 'flag-values', bounded: true },
  { name: 'guards', bounded: true },
  { name: 'durability', bounded: true },
  { name: 'live-node', bounded: true },
  { name: 'runtime', bounded: true },
  { name: 'binaries', bounded: true },
  { name: 'etcd-guard', bounded: true },
  { name: 'etcd-care', bounded: true },
  { name: 'lost-write', bounded: true },
  { name: 'second-boot-without-quorum', bounded: true },
  { name: 'power-cuts', bounded: true },
  { name: 'reset', bounded: false },
  { name: 'start-orders', bounded: false },
  { name: 'conformance', bounded: false },
  { name: 'floor-ratio', bounded: false },
  { name: 'minors', bounded: false },
  { name: 'debian-13', bounded: false },
  { name: 'guides', bounded: false },
  { name: 'opentofu', bounded: false },
  { name: 'vm-first-boot', bounded: false },
  { name: 'vm-clock', bounded: false },
  { name: 'bake', bounded: false },
  { name: 'packer', bounded: false },
  { name: 'air-gap', bounded: false },
] as const;

/** What the full run repeats on Debian 13, whose happy path is debian-13. */
const GUARDS = ['guards', 'durability', 'live-node', 'etcd-guard', 'lost-write', 'second-boot-without-quorum'];
/** The one case of CI there: the guards' own, with cloud-init's repair of what it wrote. */
const GUARDS_IN_CI = { names: ['guards'], pattern: 'a seed on the wrong machine' };

interface Round {
  readonly suite: DebianSuite;
  readonly names: readonly string[];
  /** Only the tests of that name. */
  readonly pattern?: string;
}

function rounds(full: boolean, wanted: readonly string[]): readonly Round[] {
  const suite = debianSuite();
  const names = TESTS.filter(({ name, bounded }) => (wanted.length > 0 ? wanted.includes(name) : full || bounded)).map(({ name }) => name);
  if (wanted.length > 0 || suite !== 'bookworm') return [{ suite, names }];
  return [
    { suite, names },
    { suite: 'trixie', ...(full ? { names: GUARDS } : GUARDS_IN_CI) },
  ];
}

function run({ suite, names, pattern }: Round, full: boolean): number {
  const here = dirname(fileURLToPath(import.meta.url));
  const files = names.map(name => join(here, `${name}.test.js`));
  const only = pattern === undefined ? [] : [`--test-name-pattern=${pattern}`];
  const args = ['--test', '--test-concurrency=1', '--test-reporter=spec', ...only, ...files];
  const env = { ...process.env, KUBEKILN_DEBIAN: suite, ...(full && { KUBEKILN_BOOT_FULL: '1' }) };
  console.error(`hosts with Debian ${suite}: ${names.join(', ')}`);
  return spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
}

async function main(words: readonly string[]): Promise<number> {
  const full = words.includes('full');
  const wanted = words.filter(word => word !== 'full');
  const unknown = wanted.filter(word => !TESTS.some(({ name }) => name === word));
  if (unknown.length > 0) {
    console.error(`no boot test ${unknown.join(', ')}; there are ${TESTS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  if (process.getuid?.() !== 0) {
    console.error('boot tests start real hosts with systemd-nspawn, which needs root');
    return process.env.CI === undefined ? 0 : 1;
  }
  await ensureEtcd();
  await ensureKubernetes();
  await nodePrograms();
  await testImages();
  const codes: number[] = [];
  for (const round of rounds(full, wanted)) {
    await ensureRootFileSystem(round.suite);
    codes.push(run(round, full));
  }
  // Only now: tests of other minors build as well.
  await forgetCompilerCaches();
  return Math.max(...codes);
}

process.exitCode = await main(process.argv.slice(2));
