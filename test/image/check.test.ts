// check --root on a small tree: what makes it red. A whole Debian with real programs is test/boot/bake.test.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { imageTools } from '../../src/components/machine-image.ts';
import { emptyDirectory } from '../cli/program.ts';
import { smallCluster } from '../plan/read-fixture.ts';

const LISTS = 'usr/local/share/kubekiln';
const SETTING = 'etc/sysctl.d/90-kubekiln.conf';
const BLOBS = 'var/lib/containerd/io.containerd.content.v1.content/blobs/sha256';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const LAYER = 'layer';
const MANIFEST = JSON.stringify({ layers: [{ digest: `sha256:${sha256(LAYER)}` }] });
const INDEX = JSON.stringify({ manifests: [{ digest: `sha256:${sha256(MANIFEST)}` }, { digest: `sha256:${sha256('for arm64')}` }] });

describe('check --root', { skip: process.getuid?.() === 0 ? false : 'needs root' }, () => {
  let root = '';
  let check = '';
  const put = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const deviations = (): readonly string[] => {
    const { stdout, stderr, status } = spawnSync('sh', [check, '--root', root, '-o', 'json'], { encoding: 'utf8' });
    assert.equal(stderr, '');
    const verdict: { readonly result: string; readonly deviations: readonly { readonly path: string; readonly deviation: string }[] } =
      JSON.parse(stdout);
    assert.equal(status, verdict.deviations.length === 0 ? 0 : 1);
    assert.equal(verdict.result, status === 0 ? 'ok' : 'deviates');
    return verdict.deviations.map(({ path, deviation }) => `${path}: ${deviation}`);
  };
  before(() => {
    root = emptyDirectory();
    check = join(emptyDirectory(), 'check');
    writeFileSync(check, imageTools(smallCluster()).find(({ name }) => name === 'check')?.content ?? '');
    put(SETTING, 'x = 1\n');
    put(`${LISTS}/check-list`, `file 0644 ${sha256('x = 1\n')} /${SETTING}\n`);
    put(`${LISTS}/programs`, `machine x86_64\nimage amd64 sha256:${sha256(INDEX)} registry.example.com/app:1\n`);
    put(`${LISTS}/SHA256SUMS`, '');
    put('etc/machine-id', '');
    for (const blob of [LAYER, MANIFEST, INDEX]) put(`${BLOBS}/${sha256(blob)}`, blob);
    put('var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db', '\0registry.example.com/app:1\0');
  });

  it('is green where all is as planned', () => {
    assert.deepEqual(deviations(), []);
  });

  it('reads an image down to its layers, whatever architecture is left out', () => {
    put(`${BLOBS}/${sha256(LAYER)}`, 'damaged');
    assert.match(deviations().join(), /^registry\.example\.com\/app:1: its part sha256:[0-9a-f]{64} is [0-9a-f]{64}$/);
    rmSync(join(root, BLOBS, sha256(LAYER)));
    assert.match(deviations().join(), /app:1: its part sha256:[0-9a-f]{64} is not there$/);
    put(`${BLOBS}/${sha256(LAYER)}`, LAYER);
    rmSync(join(root, BLOBS, sha256(MANIFEST)));
    assert.match(deviations().join(), /none of its manifests/);
    put(`${BLOBS}/${sha256(MANIFEST)}`, MANIFEST);
  });

  for (const [path, deviation] of Object.entries({
    'etc/machine-id': /^\/etc\/machine-id: it is not empty/,
    'etc/ssh/ssh_host_ed25519_key': /a host key/,
    'var/lib/cloud/instances': /state of cloud-init/,
    'var/lib/systemd/random-seed': /a seed of random numbers/,
    'var/lib/etcd/member': /data of etcd/,
    'var/lib/kubekiln/payload/1/plan': /part of a node/,
    'etc/kubernetes/pki/ca.crt': /part of a node/,
    'etc/systemd/system/kubekiln-install.service': /first boot would start by itself/,
    'root/.ssh/authorized_keys': /a key that opens this machine/,
    'tmp/left': /left behind/,
    'var/log/cloud-init.log': /a log of the machine/,
    'usr/local/share/kubekiln/baking': /the bake is not finished/,
  })) {
    it(`names ${path}`, () => {
      put(path, 'x');
      const found = deviations();
      rmSync(join(root, path));
      if (path === 'etc/machine-id') put(path, '');
      if (path.startsWith('etc/kubernetes')) rmSync(join(root, 'etc/kubernetes'), { recursive: true });
      if (path.startsWith('var/lib/kubekiln')) rmSync(join(root, 'var/lib/kubekiln'), { recursive: true });
      assert.ok(
        found.some(line => deviation.test(line)),
        found.join(),
      );
      assert.deepEqual(deviations(), [], 'green again');
    });
  }

  it('names a key, another content, another mode, and a tree that is no image', () => {
    put('srv/app.pem', '-----BEGIN RSA PRIVATE KEY-----\n');
    chmodSync(join(root, SETTING), 0o600);
    assert.deepEqual(deviations(), [`/${SETTING}: mode and owner are 600:0:0, planned 644:0:0`, '/srv/app.pem: it holds a private key']);
    rmSync(join(root, 'srv/app.pem'));
    writeFileSync(join(root, SETTING), 'x = 2\n');
    chmodSync(join(root, SETTING), 0o644);
    assert.match(deviations().join(), /its SHA-256 is [0-9a-f]{64}, planned [0-9a-f]{64}/);
    rmSync(join(root, LISTS, 'check-list'));
    assert.match(deviations().join(), /this is no image of kubekiln/);
  });
});
