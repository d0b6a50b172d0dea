// kubekiln-fetch as a node runs it, with an offline bundle instead of mirrors.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { libraryProgram } from '../../src/components/library.ts';
import { gzip } from '../../src/formats/gzip.ts';
import { writeTar } from '../../src/formats/tar-writer.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { type Member, sampleBundle, sha256 } from './sample-bundle.ts';

const PROGRAM = Buffer.from(`#!/bin/sh\necho program\n# ${'x'.repeat(200_000)}\n`);
const TOOL = Buffer.from('#!/bin/sh\necho tool\n');
const ARCHIVE = gzip(writeTar([{ path: 'tools/tool', mode: 0o755, content: TOOL }]));
const IMAGE = Buffer.from('an OCI image layout');
const DIGEST = `sha256:${'1'.repeat(64)}`;
const IMAGE_NAME = 'registry.example.com:5000/a/b:1.0';

const program: Member = { kind: 'file', words: 'dl.example.com/v1/program', content: PROGRAM, encoding: 'gz' };
const tool: Member = { kind: 'file', words: 'dl.example.com/v1/tools.tar.gz', content: ARCHIVE };
const image: Member = { kind: 'image', words: `amd64 ${DIGEST} ${IMAGE_NAME}`, content: IMAGE, encoding: 'gz' };
const ALL = [program, tool, { ...image, words: `arm64 ${DIGEST} ${IMAGE_NAME}`, content: Buffer.from('of another processor') }, image];

const skip = missingTool('tar') || missingTool('gzip') || missingTool('blkid');

class Node {
  readonly root: string;
  constructor(root: string) {
    this.root = root;
    const table = [
      `machine ${execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()}`,
      `bundle ${this.at('bundles')}`,
      `file ${sha256(PROGRAM)} ${this.at('bin/program')} program.service - dl.example.com/v1/program`,
      `file ${sha256(ARCHIVE)} ${this.at('bin/tool')} - tools/tool dl.example.com/v1/tools.tar.gz`,
      `image amd64 ${DIGEST} ${IMAGE_NAME}`,
    ];
    const text = libraryProgram('kubekiln-fetch').content;
    this.put('kubekiln-fetch', text.replaceAll('/var/lib/kubekiln', this.at('state')).replaceAll('/run/kubekiln', this.at('run')));
    this.put('payload/.complete', 'digest\n');
    const environment = "KUBEKILN_CLUSTER='dev'\nKUBEKILN_NODE='cp-1'\nKUBEKILN_GENERATION='1'\nKUBEKILN_BINARIES='/nonexistent'\n";
    this.put('payload/files/etc/kubekiln/node.env', environment);
    this.put('payload/files/etc/kubekiln/binaries', table.map(line => `${line}\n`).join(''));
    for (const directory of ['state', 'bundles']) mkdirSync(this.at(directory));
  }
  at(path: string): string {
    return join(this.root, path);
  }
  put(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
  }
  /** @param meanwhile is called when it has said something */
  async fetch(meanwhile?: (said: string) => void): Promise<{ readonly code: number | null; readonly said: string }> {
    const child = spawn('sh', [this.at('kubekiln-fetch'), this.at('payload')], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk;
        meanwhile?.(said);
      });
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    const code = await new Promise<number | null>(resolve => child.on('close', resolve));
    clearTimeout(timer);
    return { code, said };
  }
  get status(): { readonly stage: string; readonly result: string; readonly reason: string } {
    return JSON.parse(readFileSync(this.at('state/status.json'), 'utf8'));
  }
  assertFetched(): void {
    assert.deepEqual(readFileSync(this.at('bin/program.kubekiln-new')), PROGRAM);
    assert.deepEqual(readFileSync(this.at('bin/tool.kubekiln-new')), TOOL);
    assert.deepEqual(readFileSync(this.at('state/images/registry.example.com:5000_a_b:1.0.tar')), IMAGE);
  }
}

describe('kubekiln-fetch, from an offline bundle', { skip }, () => {
  it('takes programs, members of archives and images of its own processor', async t => {
    const node = new Node(temporaryDirectory(t));
    node.put('bundles/prod-bundle.tar', sampleBundle(ALL));
    const { code, said } = await node.fetch();
    assert.equal(code, 0, said);
    node.assertFetched();
    assert.equal((await node.fetch()).code, 0);
    assert.ok(!existsSync(node.at('state/downloads')));
  });

  it('waits for one that is not there yet, says so, and goes on when it comes', async t => {
    const node = new Node(temporaryDirectory(t));
    const { code, said } = await node.fetch(heard => {
      if (!heard.includes('waiting') || existsSync(node.at('bundles/late-bundle.tar'))) return;
      assert.equal(node.status.result, 'waiting');
      node.put('bundles/late-bundle.tar', sampleBundle(ALL));
    });
    assert.equal(code, 0, said);
    assert.match(said, /^kubekiln: binaries: waiting: no volume with the label KUBEKILN is here, and \S+\/bundles has no -bundle\.tar$/m);
    node.assertFetched();
  });

  it('takes each part from whichever of two bundles has it', async t => {
    const node = new Node(temporaryDirectory(t));
    node.put('bundles/a-bundle.tar', sampleBundle([tool]));
    node.put('bundles/b (2)-bundle.tar', sampleBundle([program, image]));
    const { code, said } = await node.fetch();
    assert.equal(code, 0, said);
    node.assertFetched();
  });

  it('names what the bundle of another version does not hold', async t => {
    const node = new Node(temporaryDirectory(t));
    node.put('bundles/old-bundle.tar', sampleBundle([{ ...program, content: Buffer.from('another version') }, tool, image]));
    const { code, said } = await node.fetch();
    assert.equal(code, 1);
    assert.match(said, /STOPPED at binaries: \S+\/old-bundle\.tar does not hold dl\.example\.com\/v1\/program\n.*remedy: bring the bundle/);
    assert.equal(node.status.result, 'failed');
    assert.ok(!existsSync(node.at('bin/program.kubekiln-new')));
  });

  it('takes no image that has the name but not the digest', async t => {
    const node = new Node(temporaryDirectory(t));
    const other = { ...image, words: `amd64 sha256:${'2'.repeat(64)} ${IMAGE_NAME}` };
    node.put('bundles/prod-bundle.tar', sampleBundle([program, tool, other]));
    const { code, said } = await node.fetch();
    assert.equal(code, 1);
    assert.match(said, /prod-bundle\.tar does not hold registry\.example\.com:5000\/a\/b:1\.0/);
  });

  for (const [what, stored] of Object.entries({
    'other bytes': Buffer.from(`${PROGRAM.toString().slice(0, -2)}y\n`),
    'no gzip': Buffer.from('not compressed'),
  })) {
    it(`names a member that is damaged (${what}), and takes it from another bundle`, async t => {
      const node = new Node(temporaryDirectory(t));
      const damaged: Member = { ...program, encoding: what === 'no gzip' ? 'gz' : '-', stored };
      node.put('bundles/a-bundle.tar', sampleBundle([damaged, tool, image]));
      const { code, said } = await node.fetch();
      assert.equal(code, 1);
      assert.match(said, /v1\/program in \S+\/a-bundle\.tar cannot be read whole or is not what its index says; /);
      assert.ok(!existsSync(node.at(`state/downloads/${sha256(PROGRAM)}`)));
      node.put('bundles/b-bundle.tar', sampleBundle(ALL));
      const again = await node.fetch();
      assert.equal(again.code, 0, again.said);
      node.assertFetched();
    });
  }

  it('cut anywhere, the bundle gives nothing that is not whole', async t => {
    const whole = sampleBundle(ALL);
    for (const length of [0, 100, 512, 600, 1500, 3000, Math.floor(whole.length / 2), whole.length - 1500]) {
      const node = new Node(temporaryDirectory(t));
      node.put('bundles/cut-bundle.tar', whole.subarray(0, length));
      const { code, said } = await node.fetch();
      assert.notEqual(code, 0, `${length} bytes: ${said}`);
      assert.match(said, /STOPPED at binaries: /);
      for (const [path, content] of Object.entries({ 'bin/program.kubekiln-new': PROGRAM, 'bin/tool.kubekiln-new': TOOL }))
        if (existsSync(node.at(path))) assert.deepEqual(readFileSync(node.at(path)), content);
      node.put('bundles/cut-bundle.tar', whole);
      const healed = await node.fetch();
      assert.equal(healed.code, 0, healed.said);
      node.assertFetched();
    }
  });
});
