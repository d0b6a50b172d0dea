// A build that is killed, interrupted or doubled: old output and secrets whole, nothing half-written ever taken for whole.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseYaml } from '../../src/formats/yaml.ts';
import {
  assertWholeOutput,
  emptyDirectory,
  hasTool,
  kubekiln,
  newProject,
  PROGRAM,
  pinImages,
  skipWithout,
  startKubekiln,
  succeed,
} from './program.ts';

const KILLS = Number(process.env.KUBEKILN_KILLS ?? 36);

/** Changes what every control-plane node serves, so that the next build issues and writes anew. */
function change(directory: string, name: string): void {
  const file = join(directory, 'cluster.yaml');
  const text = readFileSync(file, 'utf8').replace(/^ {2}apiServer: .*\n/m, '');
  writeFileSync(file, text.replace(/^spec:\n/m, `spec:\n  apiServer: {certSANs: [${name}.example.com]}\n`));
}

function authorities(directory: string): string {
  const { certificateAuthorities } = parseYaml(readFileSync(join(directory, 'secrets.yaml'), 'utf8')).value as {
    certificateAuthorities: object;
  };
  return JSON.stringify(certificateAuthorities);
}

function temporary(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(path => path.includes('.kubekiln-'));
}

/** The one moment without a final name is between two renames: the next run puts the old tree back, and must find it whole. */
function assertWhole(directory: string, born: string): void {
  const output = join(directory, 'out/prod');
  assertWholeOutput(existsSync(output) ? output : join(directory, 'out/.kubekiln-old.prod'));
  assert.equal(authorities(directory), born);
}

test(`${KILLS} builds killed at moments over their whole life: secrets and output stay whole`, async () => {
  const cwd = newProject();
  succeed(['build'], { cwd });
  const born = authorities(cwd);
  change(cwd, 'warm');
  const start = performance.now();
  succeed(['build'], { cwd });
  const life = performance.now() - start;
  for (let kill = 0; kill < KILLS; kill++) {
    change(cwd, `kill-${kill}`);
    const child = startKubekiln(['build'], cwd);
    const exited = once(child, 'exit');
    // the writing is the last third: half of the kills fall there
    await sleep(life * (kill % 2 === 0 ? Math.random() : 0.65 + 0.45 * Math.random()));
    child.kill('SIGKILL');
    await exited;
    assertWhole(cwd, born);
  }
  succeed(['secrets', 'list'], { cwd });
  succeed(['build'], { cwd });
  assertWholeOutput(join(cwd, 'out/prod'));
  succeed(['verify'], { cwd });
  assert.deepEqual(temporary(cwd), []);
});

/** Calls that change the disk; strace kills the program at the nth of one kind, so that no moment is left to chance. */
const CALLS = 'rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,fchmod,fsync';
/** Of each kind; KUBEKILN_KILLS=1000 takes all. */
const MOST = Math.ceil(KILLS / 9);

function strace(cwd: string, ...options: readonly string[]): { killed: boolean } {
  const { status, signal } = spawnSync('strace', ['-f', '-qq', ...options, process.execPath, PROGRAM, 'build'], { cwd, stdio: 'ignore' });
  return { killed: status !== 0 || signal !== null };
}

/** How often a build makes each call, by name. */
function callsOf(cwd: string): ReadonlyMap<string, number> {
  const log = join(emptyDirectory(), 'calls');
  assert.equal(strace(cwd, '-o', log, '-e', `trace=${CALLS}`).killed, false);
  const counts = new Map<string, number>();
  for (const [, call = ''] of readFileSync(log, 'utf8').matchAll(/^\d+ +(\w+)\(/gm)) counts.set(call, (counts.get(call) ?? 0) + 1);
  return counts;
}

function copyOf(template: string): string {
  const cwd = emptyDirectory();
  cpSync(template, cwd, { recursive: true, preserveTimestamps: true });
  return cwd;
}

test('killed at every kind of system call that changes the disk, over all of its uses', { timeout: 900_000 }, context => {
  if (skipWithout(context, hasTool('strace') && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0, 'strace')) return;
  const template = newProject();
  succeed(['build'], { cwd: template });
  const born = authorities(template);
  change(template, 'next');
  const counts = callsOf(copyOf(template));
  assert.ok((counts.get('rename') ?? counts.get('renameat') ?? counts.get('renameat2') ?? 0) >= 3, `${[...counts]}`);
  for (const [call, count] of counts) {
    const step = Math.max(1, (count - 1) / (MOST - 1));
    for (let nth = 1; nth <= count; nth += step) {
      const cwd = copyOf(template);
      // fsync runs in threads that are counted one by one: some of its last moments are never reached
      const { killed } = strace(
        cwd,
        '-o',
        '/dev/null',
        '-e',
        `trace=${call}`,
        '-e',
        `inject=${call}:signal=SIGKILL:when=${Math.round(nth)}`,
      );
      assert.ok(killed || call === 'fsync', `${call} ${nth}`);
      assertWhole(cwd, born);
      succeed(['build'], { cwd });
      assertWholeOutput(join(cwd, 'out/prod'));
      assert.equal(authorities(cwd), born);
      assert.deepEqual(temporary(cwd), [], `${call} ${nth}`);
    }
  }
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends a build with exit code ${code}, and leaves nothing beside the old output`, async () => {
    const cwd = newProject();
    // RSA keys take seconds: the signal falls into the work
    const file = join(cwd, 'cluster.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^spec:\n/m, 'spec:\n  encryptionAlgorithm: RSA-4096\n'));
    const child = startKubekiln(['build'], cwd);
    const exited = once(child, 'exit');
    for (let waited = 0; temporary(cwd).length === 0 && waited < 5000; waited += 10) await sleep(10);
    await sleep(200);
    child.kill(signal);
    assert.deepEqual(await exited, [code, null]);
    assert.deepEqual(temporary(cwd), []);
    assert.equal(existsSync(join(cwd, 'out')), false);
  });
}

test('two builds at once do not mix: the second one stops and says why', async () => {
  const cwd = newProject();
  succeed(['build'], { cwd });
  for (let round = 0; round < 5; round++) {
    change(cwd, `round-${round}`);
    const builds = await Promise.all(
      [1, 2, 3].map(async () => {
        const child = startKubekiln(['build', '-o', 'json'], cwd, ['ignore', 'pipe', 'ignore']);
        let output = '';
        child.stdout?.on('data', data => {
          output += String(data);
        });
        const [code] = await once(child, 'close');
        return { code, output: JSON.parse(output) };
      }),
    );
    assert.ok(builds.some(({ code }) => code === 0));
    for (const { code, output } of builds) {
      if (code === 0) continue;
      assert.equal(code, 1);
      assert.deepEqual(
        output.problems.map((problem: { code: string }) => problem.code),
        ['already-running'],
      );
    }
    assertWholeOutput(join(cwd, 'out/prod'));
    assert.deepEqual(temporary(cwd), []);
  }
  pinImages(cwd);
  const locked = kubekiln(['build', '--locked'], { cwd });
  assert.equal(locked.code, 0, `secrets.yaml and out/ belong together: ${locked.stderr}`);
});

test('two builds of two projects into one directory do not mix either', async () => {
  const projects = [newProject(), newProject()];
  const shared = emptyDirectory();
  const codes = await Promise.all(
    projects.map(async cwd => {
      const [code] = await once(startKubekiln(['build', '--out-dir', shared], cwd), 'exit');
      return code;
    }),
  );
  assert.ok(codes.includes(0), `${codes}`);
  assertWholeOutput(join(shared, 'prod'));
  assert.deepEqual(temporary(shared), []);
});
