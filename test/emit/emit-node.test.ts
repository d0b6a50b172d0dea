import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { emitNode } from '../../src/emit/emit-node.ts';
import { networkConfig } from '../../src/emit/network-config.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { sampleNode, samplePayload } from './sample-payload.ts';

const PAYLOAD = samplePayload();
/** Beginnings of SHA-256 digests, recorded once. A wanted change of the output changes them. */
const GOLDEN = {
  'user-data': '96dee9ddb2162995',
  'user-data.gz': 'e5519c9759f4f000',
  'meta-data': 'ae52ac8155369cef',
  'network-config': '73179452b516acb7',
  'seed.iso': 'efa0f56f09959969',
  'node.tar.gz': 'e2e009cb152b4938',
};

function content(file: string, payload = PAYLOAD): Uint8Array {
  const artifact = emitNode(payload).find(one => one.path === `nodes/${payload.node.name}/${file}`);
  assert.ok(artifact, `${file} is missing`);
  return artifact.content;
}

function fileOf(t: TestContext, name: string, bytes: Uint8Array): string {
  const path = join(temporaryDirectory(t), name);
  writeFileSync(path, bytes);
  return path;
}

/** Digest of all artifacts of the sample, in a process with another environment. */
function digestIn(environment: NodeJS.ProcessEnv): string {
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    const { emitNode } = await import(${module('../../src/emit/emit-node.js')});
    const { samplePayload } = await import(${module('./sample-payload.js')});
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    for (const { path, mode, content } of emitNode(samplePayload())) hash.update(path + mode).update(content);
    console.log(hash.digest('hex'));`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  }).trim();
}

describe('emitNode', () => {
  it('makes six artifacts for most platforms, all for the owner alone', () => {
    const artifacts = emitNode(PAYLOAD);
    const names = ['user-data', 'user-data.gz', 'meta-data', 'network-config', 'seed.iso', 'node.tar.gz'];
    assert.deepEqual(
      artifacts.map(artifact => artifact.path),
      names.map(name => `nodes/cp-1/${name}`),
    );
    for (const { mode } of artifacts) assert.equal(mode, 0o600);
  });

  it('gives the same bytes in every time zone and language', () => {
    const digests = [{ TZ: 'UTC' }, { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8' }, { TZ: 'America/New_York', LC_ALL: 'C' }].map(
      digestIn,
    );
    assert.equal(new Set(digests).size, 1);
  });

  it('gives the same bytes on every version of node', () => {
    const digests = emitNode(PAYLOAD).map(artifact => [
      artifact.path.slice('nodes/cp-1/'.length),
      createHash('sha256').update(artifact.content).digest('hex').slice(0, 16),
    ]);
    assert.deepEqual(Object.fromEntries(digests), GOLDEN);
  });
});

describe('user-data', () => {
  it('is a cloud-config that cloud-init accepts without a warning', { skip: missingTool('cloud-init') }, t => {
    const path = fileOf(t, 'user-data', content('user-data'));
    const { status, stdout, stderr } = spawnSync('cloud-init', ['schema', '-c', path, '--annotate'], { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^Valid cloud-config/);
    assert.doesNotMatch(stdout + stderr, /warn|deprecat/i);
  });

  it('writes the whole payload in its order, by root, with quoted modes', { skip: missingTool('/usr/bin/python3') }, t => {
    const path = fileOf(t, 'user-data', content('user-data'));
    const script = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1], encoding="utf-8"))))';
    const config = JSON.parse(execFileSync('/usr/bin/python3', ['-c', script, path], { encoding: 'utf8' }));
    assert.deepEqual(Object.keys(config), ['write_files', 'bootcmd']);
    assert.deepEqual(config.bootcmd, [['sh', '-c', PAYLOAD.bootScript]]);
    assert.deepEqual(
      config.write_files,
      PAYLOAD.entries.map(entry => ({
        path: `${PAYLOAD.directory}/${entry.path}`,
        permissions: entry.mode === 0o700 ? '0700' : '0600',
        content: entry.content,
      })),
    );
  });

  it('begins with the line that cloud-init looks for, in UTF-8 without CR', () => {
    const text = Buffer.from(content('user-data')).toString('utf8');
    assert.ok(text.startsWith('#cloud-config\n'));
    assert.ok(!text.includes('\r'));
  });

  it('is the same behind gzip', { skip: missingTool('gzip') }, () => {
    assert.deepEqual(gunzipSync(content('user-data.gz')), Buffer.from(content('user-data')));
    execFileSync('gzip', ['-t'], { input: content('user-data.gz') });
  });
});

describe('meta-data', () => {
  it('names instance and host', () => {
    assert.equal(Buffer.from(content('meta-data')).toString(), 'instance-id: prod-cp-1-1\nlocal-hostname: cp-1\n');
  });
});

/** Lets cloud-init itself read a network-config: its schema where it has one (23.4 and later), its parser in any case. */
function cloudInitReads(t: TestContext, text: string): void {
  const path = fileOf(t, 'network-config', Buffer.from(text));
  const help = execFileSync('cloud-init', ['schema', '--help'], { encoding: 'utf8' });
  if (help.includes('network-config')) execFileSync('cloud-init', ['schema', '-t', 'network-config', '-c', path], { stdio: 'pipe' });
  const script = `
import sys, yaml
from cloudinit.net import network_state
state = network_state.parse_net_config_data(yaml.safe_load(open(sys.argv[1])), renderer=None)
assert list(state.iter_interfaces())`;
  execFileSync('/usr/bin/python3', ['-c', script, path], { stdio: 'pipe' });
}

describe('network-config', () => {
  const skip = missingTool('cloud-init');

  it('is DHCP on any wired interface by default', { skip }, t => {
    const text = networkConfig(PAYLOAD);
    assert.equal(text, 'version: 2\nethernets:\n  primary:\n    match:\n      name: e*\n    dhcp4: true\n');
    cloudInitReads(t, text);
  });

  it('asks for DHCPv6 where the node has an IPv6 address', { skip }, t => {
    const text = networkConfig(samplePayload(sampleNode({ address: 'fd00::11', addresses: ['fd00::11'] })));
    assert.match(text, /dhcp6: true/);
    cloudInitReads(t, text);
  });

  it("is the node's own document where it has one", { skip }, t => {
    const own = {
      version: 2,
      ethernets: { eno1: { addresses: ['10.0.2.22/24', 'fd00::22/64'], routes: [{ to: '0.0.0.0/0', via: '10.0.2.1' }] } },
    };
    const text = networkConfig(samplePayload(sampleNode({ networkConfig: own })));
    assert.match(text, /eno1/);
    cloudInitReads(t, text);
  });
});

describe('seed.iso', () => {
  it('holds the same files, and an empty vendor-data', { skip: missingTool('isoinfo') }, t => {
    const path = fileOf(t, 'seed.iso', content('seed.iso'));
    for (const name of ['user-data', 'meta-data', 'network-config', 'vendor-data']) {
      const expected = name === 'vendor-data' ? Buffer.alloc(0) : Buffer.from(content(name));
      for (const tree of ['-R', '-J']) assert.deepEqual(execFileSync('isoinfo', ['-i', path, tree, '-x', `/${name}`]), expected, name);
    }
  });
});

describe('node.tar.gz', () => {
  it('is unpacked by GNU tar to the payload, and its script starts the installer from there', { skip: missingTool('tar') }, t => {
    const directory = join(temporaryDirectory(t), "with ' quote and blank");
    mkdirSync(directory);
    execFileSync('tar', ['-xzpf', '-', '-C', directory], { input: content('node.tar.gz') });
    for (const entry of PAYLOAD.entries) assert.equal(readFileSync(join(directory, entry.path), 'utf8'), entry.content, entry.path);
    const run = (cwd: string, program: string) =>
      execFileSync(program, ['--apply', 'a b'], { cwd, encoding: 'utf8', env: { ...process.env, CDPATH: '/' } });
    assert.equal(run('/', join(directory, 'install')), `installer from ${directory} with --apply a b\n`);
    assert.equal(run(directory, './install'), `installer from ${directory} with --apply a b\n`);
    chmodSync(join(directory, 'install'), 0o600);
    assert.equal(execFileSync('sh', ['install'], { cwd: directory, encoding: 'utf8' }), `installer from ${directory} with \n`);
  });

  it('is a POSIX script', { skip: missingTool('dash') }, t => {
    const directory = temporaryDirectory(t);
    execFileSync('tar', ['-xzf', '-', '-C', directory, 'install'], { input: content('node.tar.gz') });
    execFileSync('dash', ['-n', join(directory, 'install')]);
  });
});
