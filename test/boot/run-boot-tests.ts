// npm run test:boot (bounded: each behaviour once) and npm run test:boot:full (everything). Fills the cache, then hands over to node:test, one file at
// a time: test clusters want the whole machine.
// usage: node run-boot-tests.js [full] [FILE…]
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureEtcd, ensureKubernetes, ensureRootFileSystem } from './cache.ts';

/** Every boot test; `bounded` ones run in CI as well. */
const TESTS = [
  { name: 'floor', bounded: true },
  { name: 'user-data', bounded: true },
  { name: 'tarball', bounded: true },
  { name: 'failover', bounded: true },
  { name: 'cis', bounded: true },
  { name: 'guards', bounded: true },
  { name: 'etcd-guard', bounded: true },
  { name: 'lost-write', bounded: true },
  { name: 'second-boot-without-quorum', bounded: true },
  { name: 'power-cuts', bounded: true },
  { name: 'start-orders', bounded: false },
  { name: 'floor-ratio', bounded: false },
  { name: 'minors', bounded: false },
  { name: 'debian-13', bounded: false },
  { name: 'guides', bounded: false },
] as const;

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
  await ensureRootFileSystem();

  const here = dirname(fileURLToPath(import.meta.url));
  const chosen = TESTS.filter(({ name, bounded }) => (wanted.length > 0 ? wanted.includes(name) : full || bounded));
  const files = chosen.map(({ name }) => join(here, `${name}.test.js`));
  const args = ['--test', '--test-concurrency=1', '--test-reporter=spec', ...files];
  const env = full ? { ...process.env, KUBEKILN_BOOT_FULL: '1' } : process.env;
  return spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
}

process.exitCode = await main(process.argv.slice(2));
