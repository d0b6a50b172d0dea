// Each platform's file, read by the real cloud-init and by inspect, holds the payload with its digest.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { NODE_LAYOUT } from '../../src/components/locations.ts';
import { emitNode } from '../../src/emit/emit-node.ts';
import { makePayload } from '../../src/emit/make-payload.ts';
import type { Payload } from '../../src/emit/payload.ts';
import { encodingOf, handedOver, PLATFORMS, platformOf } from '../../src/emit/platforms.ts';
import { readIso } from '../../src/formats/iso9660-reader.ts';
import { payloadDigest } from '../../src/formats/payload-directory.ts';
import { readTar } from '../../src/formats/tar-reader.ts';
import { readCarrier } from '../../src/inspect/carrier.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import type { UserDataPart } from '../../src/spec/cluster.ts';
import { missingTool } from '../missing-tool.ts';
import { smallCluster } from '../plan/read-fixture.ts';
import { requestCredentials } from '../plan/request-credentials.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { type CloudInitResult, cloudInitReads } from './cloud-init-reads.ts';

const cluster = smallCluster();
const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
assert.ok(plan);
const planned = plan;

function payloadOn(platform: string, parts: readonly UserDataPart[] = []): Payload {
  return makePayload({ ...planned, node: { ...planned.node, platform } }, NODE_LAYOUT, undefined, parts);
}

/** The artifact that the platform is given, and its name. */
function usedFile(payload: Payload): { readonly name: ReturnType<typeof handedOver>; readonly bytes: Uint8Array } {
  const artifacts = new Map(emitNode(payload).map(artifact => [artifact.path.split('/').at(-1) ?? '', artifact]));
  const name = handedOver(platformOf(payload), file => artifacts.has(file));
  const artifact = artifacts.get(name);
  assert.ok(artifact);
  return { name, bytes: artifact.content };
}

/** What the datasource of the platform hands on to cloud-init. */
function transported({ name, bytes }: ReturnType<typeof usedFile>): Uint8Array {
  if (name === 'seed.iso') return readIso(bytes).files.find(file => file.path === 'user-data')?.content ?? new Uint8Array();
  return encodingOf(name) === 'gzip+base64' ? Buffer.from(Buffer.from(bytes).toString(), 'base64') : bytes;
}

/** Digest over what stands in the staging directory once the boot script has unpacked it. */
function stagedDigest({ directory }: Payload, { files }: CloudInitResult): string {
  const [archive] = files;
  const staged =
    archive?.path === `${directory}.tar`
      ? readTar(archive.content)
      : files.map(file => ({ ...file, path: file.path.replace(`${directory}/`, '') }));
  const contents = new Map(staged.map(({ path, content }) => [path, content]));
  assert.equal([...contents.keys()].at(-1), '.complete');
  return payloadDigest(Buffer.from(contents.get('plan') ?? '').toString(), entry => contents.get(entry));
}

const skip = missingTool('cloud-init');

describe('what a platform is given', () => {
  for (const { name: platform } of PLATFORMS) {
    it(`${platform}: cloud-init and inspect find the payload with its digest`, { skip }, t => {
      const payload = payloadOn(platform);
      const used = usedFile(payload);
      const read = cloudInitReads(t, transported(used));
      const script = used.name === 'user-data.packed' ? payload.packedBootScript : payload.bootScript;
      assert.deepEqual(read.bootcmd, [['sh', '-c', script]]);
      assert.equal(stagedDigest(payload, read), payload.digest);
      for (const { permissions } of read.files) assert.match(permissions, /^0[67]00$/);
      const carrier = readCarrier(used.name, used.bytes);
      assert.equal(carrier.kind, used.name);
      assert.equal(carrier.payload?.digest, payload.digest);
      assert.equal(carrier.payload?.directory, payload.directory);
    });
  }

  it('is text, and a third of plain user-data, where only text passes', () => {
    const payload = payloadOn('digitalocean');
    const { name, bytes } = usedFile(payload);
    const size = (file: string) => emitNode(payload).find(({ path }) => path.endsWith(`/${file}`))?.content.length ?? 0;
    assert.equal(name, 'user-data.packed');
    assert.match(Buffer.from(bytes).toString('latin1'), /^#cloud-config\n[ -~\n]*$/);
    assert.ok(
      bytes.length < size('user-data') / 2 && bytes.length < size('user-data.gz') * 1.45,
      `${bytes.length} of ${size('user-data')}`,
    );
  });
});

const PARTS: readonly UserDataPart[] = [
  {
    source: 'parts/admins.yaml',
    type: 'cloud-config',
    content:
      '#cloud-config\nmerge_how: dict(replace)+list(replace)\nbootcmd: [[echo, théirs]]\nwrite_files: [{path: /etc/theirs, content: théirs}]\nlocale: C.UTF-8\n',
  },
  { source: 'parts/more.yaml', type: 'cloud-config', content: '#cloud-config\npackages: [jq]\n' },
  { source: 'parts/hello.sh', type: 'x-shellscript', content: '#!/bin/sh\necho hello' },
  { source: 'parts/early.sh', type: 'cloud-boothook', content: '#cloud-boothook\n#!/bin/sh\nexit 0\n' },
  {
    source: 'parts/phone.yaml',
    type: 'jinja2',
    content: '## template: jinja\n#cloud-config\nphone_home: {url: "https://example.com/{{ v1.instance_id }}"}\n',
  },
];

describe("parts of the operator's own", () => {
  for (const platform of ['aws', 'digitalocean', 'hetzner', 'nocloud']) {
    it(`${platform}: stand behind kubekiln's, and both survive`, { skip }, t => {
      const payload = payloadOn(platform, PARTS);
      const used = usedFile(payload);
      const read = cloudInitReads(t, transported(used));
      const script = used.name === 'user-data.packed' ? payload.packedBootScript : payload.bootScript;
      assert.deepEqual(read.bootcmd, [
        ['sh', '-c', script],
        ['echo', 'théirs'],
      ]);
      assert.equal(read.files.at(-1)?.path, '/etc/theirs');
      assert.equal(read.files.at(-1)?.content.toString(), 'théirs');
      assert.equal(stagedDigest(payload, { ...read, files: read.files.slice(0, -1) }), payload.digest);
      assert.deepEqual(read.keys, ['bootcmd', 'locale', 'packages', 'phone_home', 'write_files']);
      assert.deepEqual(read.scripts, ['3-hello.sh']);
      const carrier = readCarrier(used.name, used.bytes);
      assert.equal(carrier.payload?.digest, payload.digest);
      assert.deepEqual(
        carrier.parts.map(({ type, name }) => `${type} ${name}`),
        [
          'text/cloud-config 1-admins.yaml',
          'text/cloud-config 2-more.yaml',
          'text/x-shellscript 3-hello.sh',
          'text/cloud-boothook 4-early.sh',
          'text/jinja2 5-phone.yaml',
        ],
      );
    });
  }
});

/** One machine: a root of its own, cloud-init's write of the archive, and the boot script as often as it is switched on. */
function machine(t: TestContext) {
  const root = temporaryDirectory(t);
  const state = join(root, 'state');
  const layout = { ...NODE_LAYOUT, stateDirectory: state, stagingDirectory: join(state, 'payload') };
  const payload = makePayload({ ...planned, node: { ...planned.node, platform: 'digitalocean' } }, layout);
  const { bytes } = usedFile(payload);
  const script = payload.packedBootScript
    .replaceAll('/var/lib/cloud', join(root, 'cloud'))
    .replace(/exec sh .*kubekiln-install first-boot \$0/, 'echo installer');
  const mark = join(root, 'cloud/instance/sem/config_write_files');
  const put = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  // systemd-run's last two words are the script of the unit and its argument
  put(join(root, 'bin/systemd-run'), '#!/bin/sh\nfor last; do before=$word word=$last; done\nexec /bin/sh -c "$before" "$word"\n');
  chmodSync(join(root, 'bin/systemd-run'), 0o755);
  const archive = readCarrier('x', bytes).written;
  assert.equal(archive.length, payload.entries.length);
  const directory = join(state, 'payload/1');
  return {
    payload,
    directory,
    /** cloud-init: bootcmd first, then write_files unless its mark stands. */
    boot(written: Uint8Array | undefined): string {
      put(mark, existsSync(mark) ? readFileSync(mark) : '');
      const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, HOME: '/nonexistent' };
      const [unit, ...before] = script.split('\nsystemd-run').reverse();
      execFileSync('sh', ['-c', before.reverse().join('')], { env });
      if (!existsSync(mark) && written) {
        put(`${directory}.tar`, written);
        put(mark, '');
      }
      try {
        return execFileSync('sh', ['-c', `state=${state} payload=${directory}\nsystemd-run${unit}`], { env, encoding: 'utf8' });
      } catch (error) {
        return String((error as { stdout?: string }).stdout);
      }
    },
    assertWhole() {
      for (const { path, mode, content } of payload.entries)
        assert.equal(readFileSync(join(directory, path), 'utf8'), content, `${path} ${mode}`);
    },
  };
}

describe('the boot script of packed user-data', { skip: missingTool('tar') }, () => {
  it('unpacks the archive and removes it, repairs a payload that was cut anywhere, and leaves a whole one alone', t => {
    const { payload, directory, boot, assertWhole } = machine(t);
    const { name, bytes } = usedFile(payload);
    assert.equal(name, 'user-data.packed');
    const text = Buffer.from(bytes).toString();
    const tar = execFileSync('gzip', ['-d'], { input: Buffer.from(/^ {2}content: (\S+)$/m.exec(text)?.[1] ?? '', 'base64') });
    for (const cut of [0, 1, Math.floor(payload.entries.length / 2), payload.entries.length - 1]) {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory, { recursive: true });
      for (const { path, content } of payload.entries.slice(0, cut)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true });
        writeFileSync(join(directory, path), content);
      }
      assert.equal(boot(tar), 'installer\n', `after ${cut} files`);
      assertWhole();
      assert.deepEqual(readdirSync(dirname(directory)), ['1']);
    }
    assert.equal(boot(undefined), 'installer\n');
    const last = payload.entries.at(-2)?.path ?? '';
    writeFileSync(join(directory, last), 'half');
    assert.equal(boot(tar), 'installer\n');
    assertWhole();
  });

  it('says what is wrong with an archive that cannot be unpacked, and leaves no mark of a whole payload', t => {
    const { directory, boot } = machine(t);
    assert.match(boot(undefined), /^kubekiln: STOPPED at payload: tar: .*1\.tar/);
    assert.match(boot(Buffer.from('no archive at all')), /^kubekiln: STOPPED at payload: tar: /);
    assert.ok(!existsSync(join(directory, '.complete')));
  });
});
