import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockPath } from '../../src/write/lock.ts';

const root = mkdtempSync(join(realpathSync(tmpdir()), 'kubekiln-lock-'));
after(() => rmSync(root, { recursive: true }));

const MODULE = new URL('../../src/write/lock.js', import.meta.url).href;

/** Runs a program that imports lockPath; resolves to what it printed first. */
function run(source: string): { child: ChildProcess; line: Promise<string> } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `import { lockPath } from ${JSON.stringify(MODULE)};\n${source}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = once(child.stdout ?? assert.fail(), 'data').then(([data]) => String(data).trim());
  return { child, line };
}

function leftovers() {
  return readdirSync(root).filter(name => name.startsWith('.kubekiln-lock'));
}

test('a second run stops with the name of the first, and gets the lock when that one is done', async () => {
  const path = join(root, 'a');
  const first = run(
    `const lock = await lockPath(${JSON.stringify(path)}, 'a'); console.log(lock.code ?? 'held'); process.stdin.resume(); setTimeout(() => {}, 60000);`,
  );
  assert.equal(await first.line, 'held');
  const refused = await lockPath(path, 'out/a');
  assert.ok('code' in refused);
  assert.equal(refused.code, 'already-running');
  assert.match(refused.message, new RegExp(`process ${first.child.pid}\\) is writing out/a`));
  const other = await lockPath(join(root, 'b'), 'b');
  assert.ok('release' in other, 'another path is another lock');
  other.release();

  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  assert.equal(leftovers().length, 2, 'a killed run leaves its files');
  const taken = await lockPath(path, 'a');
  assert.ok('release' in taken, 'and they hold up nobody');
  taken.release();
  assert.deepEqual(leftovers(), []);
});

test('a file of another boot is no lock, one of another host is', async () => {
  const path = join(root, 'c');
  const held = await lockPath(path, 'c');
  assert.ok('release' in held);
  const mine = leftovers().find(name => name.endsWith('-held')) ?? assert.fail();
  held.release();
  const [host = '', boot = '', pid = '', start = ''] = mine.slice('.kubekiln-lock.c.'.length).split('-');
  const reboot = join(root, `.kubekiln-lock.c.${host}-${'0'.repeat(8)}-${pid}-${start}-held`);
  writeFileSync(reboot, '');
  const again = await lockPath(path, 'c');
  assert.ok('release' in again);
  assert.equal(existsSync(reboot), false);
  again.release();
  const away = join(root, `.kubekiln-lock.c.${'0'.repeat(8)}-${boot}-${pid}-${start}-held`);
  writeFileSync(away, '');
  const refused = await lockPath(path, 'c');
  assert.ok('code' in refused);
  assert.ok(refused.hint?.includes(away));
  rmSync(away);
});

test('of many that start at once never two hold the lock', async () => {
  const path = join(root, 'd');
  const counter = join(root, 'inside');
  const source = `
    import { openSync, closeSync, rmSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    let won = 0;
    for (let i = 0; i < 40; i++) {
      const lock = await lockPath(${JSON.stringify(path)}, 'd');
      if ('code' in lock) continue;
      closeSync(openSync(${JSON.stringify(counter)}, 'wx'));
      if (i % 3 === 0) await sleep(1);
      rmSync(${JSON.stringify(counter)});
      lock.release();
      won++;
    }
    console.log(won);`;
  const runs = Array.from({ length: 4 }, () => run(source));
  const won = await Promise.all(runs.map(({ line }) => line));
  assert.ok(won.map(Number).reduce((a, b) => a + b) >= 4, `${won}`);
  assert.deepEqual(leftovers(), []);
  assert.equal(existsSync(counter), false);
});

test('the lock file is private and empty', async () => {
  const held = await lockPath(join(root, 'e'), 'e');
  assert.ok('release' in held);
  for (const name of leftovers()) assert.equal(readFileSync(join(root, name), 'utf8'), '');
  held.release();
});
