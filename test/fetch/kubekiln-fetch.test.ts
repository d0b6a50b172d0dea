// kubekiln-fetch as a node runs it, in a directory of the test's own, against a mirror that misbehaves.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { libraryProgram } from '../../src/components/library.ts';
import { gzip } from '../../src/formats/gzip.ts';
import { writeTar } from '../../src/formats/tar-writer.ts';
import { closedPort, type Mirror, startMirror } from '../mirror/faulty-mirror.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
const PROGRAM = Buffer.from(`#!/bin/sh\necho program\n# ${'x'.repeat(200_000)}\n`);
const TOOL = Buffer.from('#!/bin/sh\necho tool\n');
const ARCHIVE = gzip(writeTar([{ path: 'tools/tool', mode: 0o755, content: TOOL }]));
const PROGRAM_SOURCE = 'dl.example.com/v1/program';
const ARCHIVE_SOURCE = 'dl.example.com/v1/tools.tar.gz';

const skip = missingTool('curl') || missingTool('openssl') || missingTool('tar');

describe('kubekiln-fetch', { skip }, () => {
  let mirror: Mirror;
  before(async () => {
    mirror = await startMirror();
    mirror.files.set(`/k/${PROGRAM_SOURCE}`, PROGRAM);
    mirror.files.set(`/k/${ARCHIVE_SOURCE}`, ARCHIVE);
  });
  after(() => mirror.close());

  /** A node whose payload names two programs, one of them in an archive. */
  class Node {
    readonly root: string;
    constructor(root: string, urls: readonly string[] = [`${mirror.url}/k`], lines: readonly string[] = []) {
      this.root = root;
      const machine = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim();
      const table = [
        ...(lines.length > 0 ? lines : [`machine ${machine}`]),
        ...urls.map(url => `mirror ${url}`),
        `file ${sha256(PROGRAM)} ${this.at('bin/program')} program.service - ${PROGRAM_SOURCE}`,
        `file ${sha256(ARCHIVE)} ${this.at('bin/tool')} - tools/tool ${ARCHIVE_SOURCE}`,
      ];
      const text = libraryProgram('kubekiln-fetch').content.replaceAll('/var/lib/kubekiln', this.at('state'));
      this.put('kubekiln-fetch', text);
      this.put('payload/.complete', 'digest\n');
      this.put(
        'payload/files/etc/kubekiln/node.env',
        "KUBEKILN_CLUSTER='dev'\nKUBEKILN_NODE='cp-1'\nKUBEKILN_GENERATION='1'\nKUBEKILN_BINARIES='/nonexistent'\n",
      );
      this.put('payload/files/etc/kubekiln/binaries', table.map(line => `${line}\n`).join(''));
      const settings = [
        'fail',
        'location',
        'silent',
        'show-error',
        'connect-timeout = 5',
        'proto = "=https,http"',
        'cacert = "etc/kubekiln/ca.pem"',
      ];
      this.put('payload/files/etc/kubekiln/downloads.conf', settings.map(line => `${line}\n`).join(''));
      this.put('payload/files/etc/kubekiln/ca.pem', mirror.authority);
      mkdirSync(this.at('state'));
    }
    at(path: string): string {
      return join(this.root, path);
    }
    put(path: string, content: string | Uint8Array): void {
      mkdirSync(dirname(this.at(path)), { recursive: true });
      writeFileSync(this.at(path), content);
    }
    /** Runs it to its end, or cuts it off after `patience` milliseconds. */
    async fetch(patience = 20_000): Promise<{ readonly code: number | null; readonly said: string }> {
      const child = spawn('sh', [this.at('kubekiln-fetch'), this.at('payload')], { stdio: ['ignore', 'pipe', 'pipe'] });
      const said: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
      const timer = setTimeout(() => child.kill('SIGKILL'), patience);
      const code = await new Promise<number | null>(resolve => child.on('exit', resolve));
      clearTimeout(timer);
      return { code, said: Buffer.concat(said).toString() };
    }
    /** What the installer does with what was fetched. */
    place(): readonly string[] {
      const lines = readFileSync(this.at('state/fetched'), 'utf8').split('\n').filter(Boolean);
      for (const line of lines) {
        const path = line.split(' ')[0] ?? '';
        renameSync(`${path}.kubekiln-new`, path);
      }
      return lines;
    }
    get status(): { readonly stage: string; readonly result: string; readonly reason: string; readonly remedy: string } {
      return JSON.parse(readFileSync(this.at('state/status.json'), 'utf8'));
    }
    assertPlaced(): void {
      assert.deepEqual(readFileSync(this.at('bin/program')), PROGRAM);
      assert.deepEqual(readFileSync(this.at('bin/tool')), TOOL);
      assert.equal(statSync(this.at('bin/tool')).mode & 0o777, 0o755);
    }
  }

  it('lays programs beside their places, names the units to restart, and downloads nothing twice', async t => {
    const node = new Node(temporaryDirectory(t));
    assert.equal((await node.fetch()).code, 0);
    assert.ok(!existsSync(node.at('bin/program')));
    const count = mirror.requests.length;
    assert.equal((await node.fetch()).code, 0, 'cut before the installer moved them');
    assert.deepEqual(node.place(), [`${node.at('bin/program')} program.service`, `${node.at('bin/tool')} -`]);
    node.assertPlaced();
    assert.equal((await node.fetch()).code, 0);
    assert.deepEqual(node.place(), []);
    assert.equal(mirror.requests.length, count);
    assert.ok(!existsSync(node.at('state/downloads')));
  });

  it('replaces a program that was changed, or that belongs to another version', async t => {
    const node = new Node(temporaryDirectory(t));
    await node.fetch();
    node.place();
    for (const path of ['bin/program', 'bin/tool']) writeFileSync(node.at(path), 'changed');
    assert.equal((await node.fetch()).code, 0);
    assert.equal(node.place().length, 2);
    node.assertPlaced();
  });

  it('finds a member that its archive names with ./, and names one that is not there', async t => {
    const root = temporaryDirectory(t);
    mkdirSync(join(root, 'tools'));
    writeFileSync(join(root, 'tools/tool'), TOOL);
    const archive = execFileSync('tar', ['--create', '--gzip', '--directory', root, './tools/tool']);
    mirror.files.set('/k/dotted.tar.gz', archive);
    const tool = join(root, 'bin/tool');
    const node = new Node(join(root, 'node'), [`${mirror.url}/k`]);
    const machine = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim();
    const table = (member: string) =>
      `machine ${machine}\nmirror ${mirror.url}/k\nfile ${sha256(archive)} ${tool} - ${member} dotted.tar.gz\n`;
    node.put('payload/files/etc/kubekiln/binaries', table('tools/other'));
    assert.match((await node.fetch()).said, /STOPPED at binaries: .*tool: tools\/other is not in dotted\.tar\.gz/);
    node.put('payload/files/etc/kubekiln/binaries', table('tools/tool'));
    assert.equal((await node.fetch()).code, 0);
    assert.deepEqual(readFileSync(`${tool}.kubekiln-new`), TOOL);
  });

  it('goes on where a broken connection ended', async t => {
    const node = new Node(temporaryDirectory(t));
    mirror.faults.set(`/k/${PROGRAM_SOURCE}`, ['half', { status: 500 }]);
    const before = mirror.requests.length;
    const { code, said } = await node.fetch(40_000);
    assert.equal(code, 0, said);
    assert.match(said, /^kubekiln: binaries: waiting: .*program: curl: /m);
    const ranges = mirror.requests
      .slice(before)
      .flatMap(({ path, range }) => (path.endsWith('/program') && range !== undefined ? [range] : []));
    assert.match(ranges.at(-1) ?? '', /^bytes=[1-9]\d+-$/);
    node.place();
    node.assertPlaced();
  });

  it('takes a file from the next mirror when one is down, lacks it, or sends other bytes', async t => {
    const node = new Node(temporaryDirectory(t), [
      `http://127.0.0.1:${await closedPort()}`,
      `${mirror.url}/empty`,
      `${mirror.url}/k`,
      `${mirror.url}/k`,
    ]);
    mirror.faults.set(`/k/${PROGRAM_SOURCE}`, ['wrong-bytes']);
    const { code, said } = await node.fetch();
    assert.equal(code, 0, said);
    node.place();
    node.assertPlaced();
  });

  it('stops by name where no mirror has the right bytes, and lays nothing', async t => {
    const node = new Node(temporaryDirectory(t));
    mirror.faults.set(`/k/${PROGRAM_SOURCE}`, ['wrong-bytes']);
    const { code, said } = await node.fetch();
    assert.equal(code, 1);
    assert.match(
      said,
      new RegExp(
        `^kubekiln: STOPPED at binaries: .*program: its SHA-256 is [0-9a-f]{64}, cluster\\.lock\\.yaml says ${sha256(PROGRAM)}`,
        'm',
      ),
    );
    assert.equal(node.status.result, 'failed');
    assert.match(node.status.remedy, /images pin/);
    assert.ok(!existsSync(node.at('bin/program.kubekiln-new')));
    assert.equal((await node.fetch()).code, 0, 'and heals');
  });

  it('stops by name where the mirror answers 401, 403 or 404', async t => {
    for (const status of [401, 403, 404]) {
      const node = new Node(temporaryDirectory(t));
      mirror.faults.set(`/k/${PROGRAM_SOURCE}`, [{ status }]);
      const { code, said } = await node.fetch();
      assert.equal(code, 1);
      assert.match(said, new RegExp(`STOPPED at binaries: .*program: curl: .*${status}`));
    }
  });

  it('waits, and says why, while no mirror answers; cut off, it begins again', async t => {
    const node = new Node(temporaryDirectory(t), [`http://127.0.0.1:${await closedPort()}`]);
    const { code, said } = await node.fetch(2_000);
    assert.equal(code, null);
    assert.match(said, /binaries: waiting: .*(connect|refused)/i);
    assert.equal(node.status.result, 'waiting');
  });

  it('follows a redirect, and refuses programs for another processor', async t => {
    const node = new Node(temporaryDirectory(t));
    mirror.files.set('/moved/program', PROGRAM);
    mirror.faults.set(`/k/${PROGRAM_SOURCE}`, [{ redirect: `${mirror.url}/moved/program` }]);
    assert.equal((await node.fetch()).code, 0);
    const other = new Node(temporaryDirectory(t), [`${mirror.url}/k`], ['machine riscv64']);
    const { code, said } = await other.fetch();
    assert.equal(code, 1);
    assert.match(said, /STOPPED at binaries: this machine is .*, its programs are for riscv64\n.*remedy: set architecture of cp-1/);
  });
});
