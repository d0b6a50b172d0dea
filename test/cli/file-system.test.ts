// What the program leaves on the disk when the disk, its rights or its room stand in the way.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listTree } from '../../src/write/list-tree.ts';
import { ADDRESSES, assertWholeOutput, emptyDirectory, kubekiln, newProject, PROGRAM, pinImages, smallDisk, succeed } from './program.ts';

const ROOT = process.getuid?.() === 0;
const NOBODY = 65534;

/** Runs as a user whom permissions bind, even when the tests run as root. */
const AS_USER = ROOT ? { uid: NOBODY } : {};

function handOver(directory: string): void {
  if (!ROOT) return;
  chownSync(directory, NOBODY, NOBODY);
  for (const { path } of listTree(directory) ?? []) chownSync(join(directory, path), NOBODY, NOBODY);
}

function temporary(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(path => path.includes('.kubekiln-'));
}

/** Changes what every control-plane node serves, so that each build issues and writes anew. */
function change(directory: string, name: string): void {
  const file = join(directory, 'cluster.yaml');
  const text = readFileSync(file, 'utf8').replace(/^ {2}apiServer: .*\n/m, '');
  writeFileSync(file, text.replace(/^spec:\n/m, `spec:\n  apiServer: {certSANs: [${name}.example.com]}\n`));
}

test('umask 000 and 077 make the same modes', () => {
  const modes = [0o000, 0o077].map(umask => {
    const cwd = emptyDirectory();
    succeed(['init', 'prod', '--control-plane', ADDRESSES], { cwd, umask });
    succeed(['build'], { cwd, umask });
    const directories = ['out', 'out/prod', 'out/prod/nodes', 'out/prod/nodes/cp-1'].map(path =>
      (statSync(join(cwd, path)).mode & 0o777).toString(8),
    );
    const files = (listTree(cwd) ?? []).map(({ path, mode }) => `${path} ${mode.toString(8)}`);
    for (const line of files) assert.ok(!/(secrets\.yaml|admin\.conf|nodes\/.*) (?!600$)/.test(line), line);
    return { files, directories };
  });
  assert.deepEqual(modes[0], modes[1]);
  assert.deepEqual(modes[0]?.directories, ['755', '700', '700', '700']);
});

test('a cluster directory that cannot be written is named, and nothing is issued into the void', context => {
  const cwd = newProject();
  handOver(cwd);
  const secrets = readFileSync(join(cwd, 'secrets.yaml'));
  chmodSync(cwd, 0o555);
  context.after(() => chmodSync(cwd, 0o755));
  const { code, stderr } = kubekiln(['build'], { cwd, ...AS_USER });
  assert.equal(code, 1);
  assert.match(stderr, /error\[permission-denied\]: \S*out: permission denied/);
  assert.ok(!stderr.includes('    at '), stderr);
  const elsewhere = emptyDirectory();
  handOver(elsewhere);
  const other = kubekiln(['build', '--out-dir', elsewhere], { cwd, ...AS_USER });
  assert.equal(other.code, 1);
  assert.match(other.stderr, /error\[permission-denied\]: secrets\.yaml: permission denied/);
  assert.deepEqual(readdirSync(elsewhere), []);
  assert.deepEqual(readFileSync(join(cwd, 'secrets.yaml')), secrets);
  assert.match(
    kubekiln(['init', 'x', '-f', 'x/cluster.yaml'], { cwd, ...AS_USER }).stderr,
    /error\[permission-denied\]: x: permission denied/,
  );
});

test('a read-only checkout builds into another directory when nothing is missing', context => {
  const cwd = newProject();
  succeed(['build'], { cwd });
  pinImages(cwd);
  handOver(cwd);
  rmSync(join(cwd, 'out'), { recursive: true });
  chmodSync(cwd, 0o555);
  context.after(() => chmodSync(cwd, 0o755));
  const elsewhere = emptyDirectory();
  handOver(elsewhere);
  succeed(['build', '--locked', '--out-dir', elsewhere], { cwd, ...AS_USER });
  assertWholeOutput(join(elsewhere, 'prod'));
  assert.deepEqual(temporary(elsewhere), []);
});

test('a secrets.yaml that may not be read is named', () => {
  const cwd = newProject();
  if (ROOT) chownSync(cwd, NOBODY, NOBODY);
  else chmodSync(join(cwd, 'secrets.yaml'), 0o000);
  const { code, stderr } = kubekiln(['build'], { cwd, ...AS_USER });
  assert.equal(code, 1);
  assert.match(stderr, /error\[permission-denied\]: secrets\.yaml: permission denied/);
});

test('secrets.yaml stays where a link puts it, and belongs to whom it belonged', () => {
  const cwd = newProject();
  mkdirSync(join(cwd, 'vault'));
  renameSync(join(cwd, 'secrets.yaml'), join(cwd, 'vault/prod.yaml'));
  symlinkSync('vault/prod.yaml', join(cwd, 'secrets.yaml'));
  if (ROOT) chownSync(join(cwd, 'vault/prod.yaml'), NOBODY, NOBODY);
  const before = readFileSync(join(cwd, 'vault/prod.yaml'), 'utf8');
  succeed(['build'], { cwd });
  assert.ok(lstatSync(join(cwd, 'secrets.yaml')).isSymbolicLink());
  assert.notEqual(readFileSync(join(cwd, 'vault/prod.yaml'), 'utf8'), before);
  const { uid, mode } = statSync(join(cwd, 'vault/prod.yaml'));
  assert.equal(mode & 0o777, 0o600);
  if (ROOT) assert.equal(uid, NOBODY);
});

test('a full disk leaves the old output whole, whatever it hits', context => {
  const source = newProject();
  succeed(['build'], { cwd: source });
  change(source, 'next');
  for (const room of [0, 1, 2, 5, 20, 100, 200, 400]) {
    const cwd = smallDisk(context, 'size=3m');
    if (cwd === undefined) return;
    for (const name of ['cluster.yaml', 'secrets.yaml', 'cluster.lock.yaml']) copyFileSync(join(source, name), join(cwd, name));
    chmodSync(join(cwd, 'secrets.yaml'), 0o600);
    spawnSync('cp', ['-a', join(source, 'out'), cwd]);
    const before = readFileSync(join(cwd, 'out/prod/manifest.json'), 'utf8');
    spawnSync('dd', ['if=/dev/zero', `of=${cwd}/ballast`, 'bs=4k'], { stdio: 'ignore' });
    const ballast = statSync(join(cwd, 'ballast')).size;
    spawnSync('truncate', ['-s', String(ballast - room * 4096), join(cwd, 'ballast')]);
    const { code, stderr } = kubekiln(['build'], { cwd });
    assertWholeOutput(join(cwd, 'out/prod'));
    assert.match(succeed(['secrets', 'list'], { cwd }).stdout, /kubernetes-ca-1/);
    assert.deepEqual(temporary(cwd), [], `${room} pages of room`);
    if (code === 0) {
      assert.ok(room > 50);
      continue;
    }
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error\[disk-full\]: \S+: no space left on the file system/);
    assert.match(stderr, /Whatever was there before is whole\.\n$/);
    assert.equal(readFileSync(join(cwd, 'out/prod/manifest.json'), 'utf8'), before);
    rmSync(join(cwd, 'ballast'));
    succeed(['build'], { cwd });
    assertWholeOutput(join(cwd, 'out/prod'));
  }
});

test('init on a full disk leaves nothing of its own', context => {
  for (const inodes of [2, 3, 4, 5, 6]) {
    const cwd = smallDisk(context, `size=1m,nr_inodes=${inodes}`);
    if (cwd === undefined) return;
    const { code, stderr } = kubekiln(['init', 'prod'], { cwd });
    const left = readdirSync(cwd).filter(name => name !== '.gitignore');
    if (code === 0) {
      assert.equal(left.length, 3);
      continue;
    }
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error\[disk-full\]/);
    assert.deepEqual(left, []);
  }
});

test('a result that cannot be written is a failure: > /dev/full', () => {
  const cwd = newProject();
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', `"$0" "$@" > /dev/full`, process.execPath, ...kubekilnArguments('kubeconfig', 'alice')],
    { cwd, encoding: 'utf8' },
  );
  assert.equal(status, 1);
  assert.match(stderr, /error\[disk-full\]: standard output/);
});

test('a reader that goes away is no failure', () => {
  const cwd = newProject();
  const { stderr, stdout } = spawnSync(
    'bash',
    ['-c', `set -o pipefail; "$0" "$@" | true; echo "\${PIPESTATUS[0]}"`, process.execPath, ...kubekilnArguments('schema')],
    { cwd, encoding: 'utf8' },
  );
  assert.equal(stderr, '');
  assert.equal(stdout, '0\n');
});

function kubekilnArguments(...args: string[]): readonly string[] {
  return [PROGRAM, ...args];
}
