// The runtime part outside of user-data: one archive per cluster, and a boot script that finds it by its digest. The script runs here as a node runs
// it, in a directory of the test's own, with a stand-in for systemd-run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { NODE_LAYOUT } from '../../src/components/locations.ts';
import { makePayload, type RuntimeCarrier } from '../../src/emit/make-payload.ts';
import { tarballFiles } from '../../src/emit/node-tarball.ts';
import { carriedEntries, type Payload } from '../../src/emit/payload.ts';
import { RUNTIME_IMAGE_DIRECTORY, runtimeArchive } from '../../src/emit/runtime-archive.ts';
import { gunzip } from '../../src/formats/gzip.ts';
import { readTar } from '../../src/formats/tar-reader.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { type Member, sampleBundle } from '../fetch/sample-bundle.ts';
import { closedPort, type Mirror, startMirror } from '../mirror/faulty-mirror.ts';
import { missingTool } from '../missing-tool.ts';
import { parseFixture } from '../plan/read-fixture.ts';
import { requestCredentials } from '../plan/request-credentials.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const WORKER = '  - {name: w-1, role: worker, address: 192.168.10.21}\n';
const DOWNLOADS = [{ host: 'localhost', username: 'node', password: 'pass#word' }];

/** @param authority PEM of downloads.caFile */
function plansOf(spec = '', authority = '') {
  const nodes = '  nodes:\n  - {name: cp-1, role: control-plane, address: 192.168.10.11}\n';
  const text = `apiVersion: kubekiln/v1alpha1\nkind: Cluster\nmetadata: {name: dev}\nspec:\n  kubernetesVersion: v1.37.1\n${nodes}${spec}`;
  const cluster = parseFixture(text, () => Buffer.from(authority));
  return planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster), { downloads: DOWNLOADS }));
}

const [plan, worker] = plansOf(WORKER);
assert.ok(plan && worker);
const archive = runtimeArchive([plan, worker]);
const ofControlPlane = runtimeArchive([plan]);

describe('the runtime archive', () => {
  it('holds the runtime files of all nodes and nothing else, whatever the order of the nodes', () => {
    const files = readTar(gunzip(archive.content, 1_000_000));
    const planned = [plan, worker].flatMap(({ files }) => files.filter(({ part }) => part === 'runtime'));
    assert.deepEqual(new Set(files.map(({ path }) => path)), new Set(planned.map(({ path }) => `files${path}`)));
    assert.deepEqual(runtimeArchive([worker, plan]), archive);
    assert.match(archive.name, /^runtime-[0-9a-f]{12}\.tar\.gz$/);
    assert.ok(archive.digest.startsWith(archive.name.slice('runtime-'.length, -'.tar.gz'.length)));
  });

  it('names no node, no address and no cluster, and is the same for another cluster', () => {
    const text = Buffer.from(gunzip(archive.content, 1_000_000)).toString('latin1');
    for (const own of ['192.168.10', 'cp-1', 'w-1', 'key of cp', 'certificate cp', 'pass#word']) assert.ok(!text.includes(own), own);
    const other = plansOf(WORKER.replace('192.168.10.21', '192.168.10.99'));
    assert.equal(runtimeArchive(other).digest, archive.digest);
  });

  it('is refused with anything secret in it, or with files that differ between nodes', () => {
    const withFile = (content: string, secret = false) => {
      const file = {
        path: '/usr/local/lib/kubekiln/x',
        mode: 0o644,
        owner: 'root',
        content,
        part: 'runtime',
        secret,
        restarts: [],
      } as const;
      return { ...plan, files: [...plan.files, file] };
    };
    assert.throws(() => runtimeArchive([withFile('x\n', true)]), /holds a key or a certificate/);
    assert.throws(() => runtimeArchive([withFile('-----BEGIN CERTIFICATE-----\n')]), /holds a key or a certificate/);
    assert.throws(() => runtimeArchive([withFile('a\n'), withFile('b\n')]), /differs between nodes/);
  });
});

describe('a payload whose runtime part stands elsewhere', () => {
  const inline = makePayload(plan, NODE_LAYOUT);
  for (const source of ['image', 'mirror', 'bundle'] as const) {
    const payload = makePayload(plan, NODE_LAYOUT, {
      source,
      urls: ['https://mirror.example.com'],
      bundleDirectory: '/srv/kubekiln',
      archive: ofControlPlane,
    });
    it(`${source}: has the digest of the inline one, and the same tarball`, () => {
      assert.equal(payload.digest, inline.digest);
      assert.deepEqual(tarballFiles(payload), tarballFiles(inline));
    });
    it(`${source}: user-data and archive are, together, the whole payload`, () => {
      const carried = carriedEntries(payload);
      assert.ok(carried.every(({ part }) => part !== 'runtime'));
      const brought = [...carried.map(({ path }) => path), ...readTar(gunzip(ofControlPlane.content, 1_000_000)).map(({ path }) => path)];
      assert.deepEqual(brought.toSorted(), inline.entries.map(({ path }) => path).toSorted());
    });
  }
});

const skip = missingTool('curl') || missingTool('openssl') || missingTool('tar');

/** One machine: a root of its own, the staged files of cloud-init, and the boot script as often as it is switched on. */
class Machine {
  readonly root: string;
  readonly payload: Payload;

  constructor(root: string, runtime: Partial<RuntimeCarrier>, spec = '', authority = '') {
    this.root = root;
    const state = join(root, 'state');
    const layout = { ...NODE_LAYOUT, stateDirectory: state, stagingDirectory: join(state, 'payload') };
    const [own] = plansOf(spec, authority);
    assert.ok(own);
    const made = makePayload(own, layout, { source: 'image', urls: [], bundleDirectory: join(root, 'bundles'), archive, ...runtime });
    const bootScript = made.bootScript
      .replaceAll('/var/lib/cloud', join(root, 'cloud'))
      .replaceAll('/run/kubekiln', join(root, 'run'))
      .replaceAll(RUNTIME_IMAGE_DIRECTORY, join(root, 'image'))
      // the installer itself is not what is tested here
      .replace(/exec sh .*kubekiln-install first-boot \$0/, 'echo installer');
    this.payload = { ...made, bootScript };
    // systemd-run's last two words are the script of the unit and its argument
    this.put('bin/systemd-run', '#!/bin/sh\nfor last; do before=$word word=$last; done\nexec /bin/sh -c "$before" "$word"\n');
    chmodSync(join(root, 'bin/systemd-run'), 0o755);
    this.put('cloud/instance/sem/config_write_files', '');
  }

  put(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  /** cloud-init's write_files; `count` of the entries, where the power goes. */
  writeFiles(count = Number.POSITIVE_INFINITY): void {
    for (const { path, content } of carriedEntries(this.payload).slice(0, count)) this.put(`state/payload/1/${path}`, content);
  }

  /** The bootcmd, with the unit that it starts. */
  async boot(): Promise<string> {
    const PATH = `${join(this.root, 'bin')}:${process.env.PATH}`;
    const child = spawn('sh', ['-c', this.payload.bootScript], { env: { PATH, HOME: '/nonexistent' }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    await new Promise(resolve => child.on('close', resolve));
    return Buffer.concat(said).toString();
  }

  get status(): { readonly stage: string; readonly result: string; readonly reason: string; readonly node: string } {
    return JSON.parse(readFileSync(join(this.root, 'state/status.json'), 'utf8'));
  }

  /** Will cloud-init write its files again? */
  get rewrites(): boolean {
    return !existsSync(join(this.root, 'cloud/instance/sem/config_write_files'));
  }

  /** Everything of the payload is staged, with its bytes. */
  assertWhole(): void {
    for (const { path, content } of this.payload.entries)
      assert.equal(readFileSync(join(this.root, 'state/payload/1', path), 'utf8'), content, path);
  }
}

describe('the boot script, with the runtime part in the image', { skip }, () => {
  it('unpacks it, and takes back no mark of a whole payload', async t => {
    const machine = new Machine(temporaryDirectory(t), {});
    machine.put(`image/${archive.name}`, archive.content);
    assert.match(await machine.boot(), /STOPPED at payload: cloud-init did not write it/);
    assert.ok(machine.rewrites);
    machine.put('cloud/instance/sem/config_write_files', '');
    machine.writeFiles();
    for (const _boot of [1, 2]) {
      assert.equal(await machine.boot(), 'installer\n');
      machine.assertWhole();
      assert.ok(!machine.rewrites);
    }
  });

  it('repairs a payload that was cut anywhere, and leaves one alone that only lacks its runtime part', async t => {
    const machine = new Machine(temporaryDirectory(t), {});
    const { length } = carriedEntries(machine.payload);
    for (const count of [0, 1, Math.floor(length / 2), length - 1]) {
      rmSync(join(machine.root, 'state'), { recursive: true, force: true });
      machine.put('cloud/instance/sem/config_write_files', '');
      machine.writeFiles(count);
      await machine.boot();
      assert.ok(machine.rewrites, `after ${count} of ${length} files`);
    }
    machine.put('cloud/instance/sem/config_write_files', '');
    machine.writeFiles();
    for (const _boot of [1, 2, 3]) {
      await machine.boot();
      assert.ok(!machine.rewrites);
    }
    machine.put(`state/payload/1/${carriedEntries(machine.payload).at(-2)?.path}`, 'half');
    await machine.boot();
    assert.ok(machine.rewrites);
  });

  it('names an archive that is missing, and one with other bytes', async t => {
    const machine = new Machine(temporaryDirectory(t), {});
    machine.writeFiles();
    const stopped = new RegExp(
      `^kubekiln: STOPPED at runtime: .*/${archive.name} is not in this image, or not the one with SHA-256 ${archive.digest}$`,
      'm',
    );
    for (const content of [undefined, 'another']) {
      if (content !== undefined) machine.put(`image/${archive.name}`, content);
      assert.match(await machine.boot(), stopped);
      assert.equal(machine.status.stage, 'runtime');
      assert.equal(machine.status.result, 'failed');
      assert.equal(machine.status.node, 'cp-1');
      assert.match(machine.status.reason, /is not in this image/);
    }
  });

  it('names a disk without room for it', { skip: process.getuid?.() !== 0 }, async t => {
    const machine = new Machine(temporaryDirectory(t), {});
    machine.put(`image/${archive.name}`, archive.content);
    machine.writeFiles();
    // what tar says when a file cannot be written where a directory of that name stands in the way
    const file = machine.payload.entries.find(({ part }) => part === 'runtime')?.path ?? '';
    mkdirSync(join(machine.root, 'state/payload/1', file, 'x'), { recursive: true });
    assert.match(await machine.boot(), /^kubekiln: STOPPED at runtime: tar: /m);
    assert.equal(machine.status.result, 'failed');
  });
});

describe('the boot script, with the runtime part in an offline bundle', { skip }, () => {
  const member: Member = { kind: 'runtime', words: archive.name, content: archive.content };
  const machineFor = (root: string) => {
    const machine = new Machine(root, { source: 'bundle' });
    machine.writeFiles();
    return machine;
  };

  it('waits for it, takes it once, and needs it no more', async t => {
    const machine = machineFor(temporaryDirectory(t));
    assert.match(
      await machine.boot(),
      /^kubekiln: runtime: waiting: no volume with the label KUBEKILN is here, and \S+ has no -bundle\.tar$/m,
    );
    assert.equal(machine.status.result, 'waiting');
    machine.put('bundles/prod-bundle.tar', sampleBundle([member]));
    assert.equal(await machine.boot(), 'installer\n');
    machine.assertWhole();
    rmSync(join(machine.root, 'bundles'), { recursive: true });
    assert.equal(await machine.boot(), 'installer\n');
    assert.ok(!machine.rewrites);
  });

  it('names the bundle of another version, and one that is damaged', async t => {
    const machine = machineFor(temporaryDirectory(t));
    machine.put('bundles/old-bundle.tar', sampleBundle([{ ...member, content: Buffer.from('another') }]));
    assert.match(
      await machine.boot(),
      new RegExp(`^kubekiln: STOPPED at runtime: \\S+/old-bundle.tar does not hold ${archive.name}$`, 'm'),
    );
    assert.equal(machine.status.result, 'failed');
    machine.put('bundles/old-bundle.tar', sampleBundle([{ ...member, stored: Buffer.from('another') }]));
    assert.match(await machine.boot(), /STOPPED at runtime: .* in \S+\/old-bundle\.tar cannot be read whole/);
    machine.put('bundles/right-bundle.tar', sampleBundle([member]));
    assert.equal(await machine.boot(), 'installer\n');
  });
});

describe('the boot script, with the runtime part on a mirror', { skip }, () => {
  let mirror: Mirror;
  before(async () => {
    mirror = await startMirror();
    mirror.files.set(`/k/${archive.name}`, archive.content);
  });
  after(() => mirror.close());

  const machineFor = (root: string, urls: readonly string[], authority = mirror.authority) => {
    const spec = `  runtime: {source: mirror, urls: ${JSON.stringify(urls)}}\n  downloads: {caFile: ca.pem}\n`;
    const machine = new Machine(root, { source: 'mirror', urls }, spec, authority);
    machine.writeFiles();
    return machine;
  };

  it('downloads it once, with the credentials for that host', async t => {
    const machine = machineFor(temporaryDirectory(t), [`${mirror.url}/k`]);
    mirror.login = 'node:pass#word';
    t.after(() => delete mirror.login);
    const before = mirror.requests.length;
    assert.equal(await machine.boot(), 'installer\n');
    assert.equal(await machine.boot(), 'installer\n');
    assert.equal(mirror.requests.slice(before).filter(({ authorization }) => authorization !== undefined).length, 1);
    machine.assertWhole();
  });

  it('waits, with the reason of each mirror, and goes on when one is back', async t => {
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const machine = machineFor(temporaryDirectory(t), [dead, `${mirror.url}/k`]);
    mirror.faults.set(`/k/${archive.name}`, [{ status: 500 }, { status: 404 }, 'half']);
    for (const reason of [/500/, /404/, /transfer closed|unexpected eof|SSL|Recv failure/i]) {
      const said = await machine.boot();
      assert.match(said, /^kubekiln: runtime: waiting: .*Failed to connect/m);
      assert.match(said, reason);
      assert.equal(machine.status.result, 'waiting');
      assert.match(machine.status.reason, reason);
      assert.ok(!machine.rewrites);
    }
    assert.equal(await machine.boot(), 'installer\n');
  });

  it('stops at an archive with another digest, and takes it from the next mirror', async t => {
    const path = `/k/${archive.name}`;
    const machine = machineFor(temporaryDirectory(t), [`${mirror.url}/k`]);
    mirror.faults.set(path, ['wrong-bytes']);
    assert.match(
      await machine.boot(),
      new RegExp(`^kubekiln: STOPPED at runtime: .*${archive.name}: what it sends has another SHA-256 than ${archive.digest}`, 'm'),
    );
    assert.equal(machine.status.result, 'failed');
    const other = machineFor(temporaryDirectory(t), [`${mirror.url}/k`, `${mirror.url}/k`]);
    mirror.faults.set(path, ['wrong-bytes']);
    assert.equal(await other.boot(), 'installer\n');
  });

  it('trusts no other authority, and follows no redirect out of TLS', async t => {
    const machine = machineFor(temporaryDirectory(t), [`${mirror.url}/k`]);
    mirror.faults.set(`/k/${archive.name}`, [{ redirect: `http://localhost:${await closedPort()}/x` }]);
    assert.match(await machine.boot(), /runtime: waiting: .*[Pp]rotocol/);
    const stranger = await startMirror();
    await stranger.close();
    const distrustful = machineFor(temporaryDirectory(t), [`${mirror.url}/k`], stranger.authority);
    assert.match(await distrustful.boot(), /runtime: waiting: .*certificate/);
  });
});
