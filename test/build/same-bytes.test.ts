// Same input and same secrets file, same bytes: in other directories, time zones, languages, umasks, and on every supported Node.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { emptyDirectory, PROGRAM, succeed } from '../cli/program.ts';

const FILES = ['cluster.yaml', 'secrets.yaml', 'cluster.lock.yaml'];
// A different day: nothing of a build depends on when it runs, once its certificates are there.
const ANOTHER_DAY = String(Math.floor(Date.now() / 1000) + 20 * 86_400);

let first = '';
before(() => {
  first = emptyDirectory();
  succeed(['init', 'prod', '--control-plane', '10.0.1.11,10.0.1.12,10.0.1.13', '--worker', '10.0.2.21', '--platform', 'aws'], {
    cwd: first,
  });
  const pins = ['pause:3.10.2', 'coredns/coredns:v1.14.6'].flatMap(image => [
    '--image',
    `registry.k8s.io/${image}=sha256:${'ab'.repeat(32)}`,
  ]);
  succeed(['images', 'pin', ...pins], { cwd: first });
  succeed(['build'], { cwd: first });
});

function copyOfProject(name: string): string {
  const directory = join(emptyDirectory(), name);
  mkdirSync(directory);
  for (const file of FILES) copyFileSync(join(first, file), join(directory, file));
  return directory;
}

function assertSame(directory: string): void {
  const { status, stdout } = spawnSync('diff', ['-r', '-x', '.last-build', join(first, 'out'), join(directory, 'out')], {
    encoding: 'utf8',
  });
  assert.equal(stdout, '');
  assert.equal(status, 0);
  for (const file of FILES) assert.equal(spawnSync('cmp', [join(first, file), join(directory, file)]).status, 0, `${file} changed`);
}

describe('two builds of the same files', () => {
  it('give the same bytes elsewhere: directory, time zone, language, umask, day', () => {
    const directory = copyOfProject('a b ü');
    const env = { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', SOURCE_DATE_EPOCH: ANOTHER_DAY };
    succeed(['build', '--locked'], { cwd: directory, env, umask: 0 });
    assertSame(directory);
  });

  it('give the same bytes when the second one replaces the first', () => {
    const again = succeed(['build'], { cwd: first });
    assert.match(again.stdout, /0 certificates issued, 51 reused/);
    assertSame(first);
  });

  const NODES = ['22', '24', '26'];
  // npx fetches them: at a desk that is asked for, in CI it is always done.
  const skip =
    process.env.CI === undefined && process.env.KUBEKILN_NODES === undefined && 'set KUBEKILN_NODES to try other releases of Node';
  for (const major of NODES) {
    it(`give the same bytes on Node ${major}`, { skip }, () => {
      const directory = copyOfProject(`node${major}`);
      const version = execFileSync('npx', ['--yes', `node@${major}`, '--version'], { encoding: 'utf8' });
      assert.match(version, new RegExp(`^v${major}\\.`));
      execFileSync('npx', ['--yes', `node@${major}`, PROGRAM, 'build', '--locked'], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
      execFileSync('npx', ['--yes', `node@${major}`, PROGRAM, 'verify'], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
      assertSame(directory);
    });
  }
});
