// bake and check of out/<cluster>/image in a Debian of their own, from real programs and images: no machine boots here, and nothing is reachable.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { buildBakeableCluster, bundleOf } from './bakeable-cluster.ts';
import { type BakedTree, createTree } from './baked-tree.ts';
import { capture } from './command.ts';
import { createMirror } from './mirror.ts';
import { createNetwork } from './network.ts';

const BAKE = 'sh /run/kubekiln-image/bake --this-machine --bundle /srv/kubekiln';

interface Verdict {
  readonly result: string;
  readonly image: string;
  readonly deviations: readonly { readonly path: string; readonly deviation: string }[];
}

test('an image baked from an offline bundle', { timeout: 1_800_000 }, async t => {
  const built = await buildBakeableCluster({ size: 1, workers: 1 });
  const bundle = await bundleOf(built);
  const tree = await createTree(join(built.out, 'image'), bundle);
  t.after(() => tree.remove());
  await litter(tree.root);

  await t.test('stops where a package is missing, and names it', async () => {
    await cp(join(tree.root, 'usr/sbin/nft'), join(tree.root, 'root/nft'));
    await rm(join(tree.root, 'usr/sbin/nft'));
    const { code, stdout } = await tree.sh(BAKE);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /STOPPED at packages: missing: \/usr\/sbin\/nft \(nft \(package nftables\)\)/);
    await cp(join(tree.root, 'root/nft'), join(tree.root, 'usr/sbin/nft'));
    await rm(join(tree.root, 'root/nft'));
  });

  await t.test('cut while programs come, it goes on; the check at its end finds nothing', async subtest => {
    const cut = await tree.sh(`${BAKE} & until ls /usr/local/bin/*.kubekiln-new 2>/dev/null; do sleep 0.05; done; kill -9 $!`);
    assert.doesNotMatch(cut.stdout, /done:/);
    assert.ok(existsSync(join(tree.root, 'usr/local/share/kubekiln/baking')), cut.stdout);
    const { code, stdout, stderr } = await tree.sh(BAKE);
    for (const line of stdout.split('\n')) subtest.diagnostic(line);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /bake: images: 2 in containerd's store/);
    assert.match(stdout, /kubekiln: check: ok: image [0-9a-f]{64}, \d+ files, 1[67] programs, 2 container images/);
  });

  await t.test('again it changes nothing and brings nothing', async () => {
    const { code, stdout } = await tree.sh(BAKE);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /programs: 1[67] in place, 0 of them new/);
  });

  await t.test('the image as a mounted directory, by its check as a command', async () => {
    const manifest = JSON.parse(await readFile(join(built.out, 'manifest.json'), 'utf8'));
    const verdict = await checked(tree, join(built.out, 'image/check'));
    assert.deepEqual(verdict, { result: 'ok', image: manifest.image.sha256, deviations: [] });
  });

  await t.test('nothing of any secret, of any node or of this machine is in it', async () => {
    const secrets = await readFile(join(built.directory, 'secrets.yaml'), 'utf8');
    const words = [...secrets.matchAll(/[A-Za-z0-9+/=]{40,}/g)].map(([word]) => word);
    assert.ok(words.length > 20);
    const needles = [...words, ...[...built.nodes, ...built.workers].map(({ address }) => address)].join('\n');
    const { code, stdout } = await capture('grep', ['-rlaFf', '-', '--', tree.root], { input: needles, timeout: 300_000 });
    assert.deepEqual([code, stdout], [1, '']);
  });

  await t.test('the check names each kind of deviation', async subtest => {
    for (const { path, spoil } of SPOILED) {
      await mkdir(dirname(join(tree.root, path)), { recursive: true });
      await spoil(join(tree.root, path));
    }
    const { result, deviations } = await checked(tree, join(built.out, 'image/check'));
    assert.equal(result, 'deviates');
    const said = deviations.map(one => `${one.path}: ${one.deviation}`);
    for (const { what, deviation } of SPOILED)
      await subtest.test(what, () => {
        assert.ok(
          said.some(line => deviation.test(line)),
          said.join('\n'),
        );
      });
    // Each is one of ours: nothing else was found. Another release has another digest too.
    for (const line of said) assert.ok(SPOILED.some(({ deviation }) => deviation.test(line)) || /kubectl: its SHA-256 is/.test(line), line);
  });

  await t.test('baked once more, all of it is as planned again, but for what no bake puts right', async () => {
    const { code, stdout } = await tree.sh(`rm /etc/kubekiln/node.env; mv /usr/sbin/haproxy.gone /usr/sbin/haproxy; ${BAKE}`);
    assert.equal(code, 1);
    assert.match(stdout, /x\.key: it holds a private key/);
    assert.match(stdout, /kubekiln-install\.service: a unit of kubekiln/);
    assert.doesNotMatch(stdout, /check: .*(kubectl|kubelet|etcdctl)/);
  });
});

test('an image baked from a mirror, which a private authority vouches for', { timeout: 900_000 }, async t => {
  const mirror = await createMirror();
  const network = await createNetwork();
  t.after(async () => {
    await mirror.stop();
    await network.remove();
  });
  const built = await buildBakeableCluster({
    size: 1,
    spec: { binaries: { source: 'mirror', url: `${mirror.url}/k8s` }, downloads: { caFile: 'ca.pem' } },
    files: { 'ca.pem': mirror.authority },
  });
  for (const source of built.sources) await mirror.put(`k8s/${source}`, await readFile(join(built.upstream, source)));
  const tree = await createTree(join(built.out, 'image'), built.upstream, network);
  t.after(() => tree.remove());
  const bake = 'sh /run/kubekiln-image/bake --this-machine --without-images';

  await t.test('out of reach: it gives up when its patience ends, and says what it waited for', async () => {
    const { code, stdout } = await tree.sh(`${bake} --patience 8`);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /STOPPED at programs: not everything came within 8 s: https:\/\/10\.77\.0\.1:8443\/k8s\/.*curl: /);
  });

  await t.test('in reach: programs by their digests, images left to the nodes', async () => {
    await mirror.start(network);
    const { code, stdout, stderr } = await tree.sh(bake);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /programs: \d+ in place, \d+ of them new, from https:\/\/10\.77\.0\.1:8443\/k8s/);
    assert.match(stdout, /images: left to the nodes/);
    assert.match(stdout, /kubekiln: check: ok: /);
  });
});

/** What a machine has gathered before it is baked. */
async function litter(root: string): Promise<void> {
  const files: Readonly<Record<string, string>> = {
    'etc/machine-id': `${'a'.repeat(32)}\n`,
    'etc/hostname': 'builder\n',
    'etc/ssh/ssh_host_ed25519_key': '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n',
    'var/lib/cloud/instance/user-data.txt': '#cloud-config\n',
    'var/lib/systemd/random-seed': 'seed',
    'var/lib/dhcp/dhclient.eth0.leases': 'lease {}\n',
    'var/log/syslog': 'builder\n',
    'root/.bash_history': 'secret\n',
    'root/.ssh/authorized_keys': 'ssh-ed25519 AAAA packer\n',
    'var/lib/etcd/default/member/wal/0.wal': 'x',
    'tmp/script_1.sh': 'x',
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

async function checked({ root }: BakedTree, check: string): Promise<Verdict> {
  const { stdout, stderr } = await capture('sh', [check, '--root', root, '-o', 'json'], { timeout: 300_000 });
  assert.ok(stdout, stderr);
  return JSON.parse(stdout);
}

interface Spoiled {
  readonly what: string;
  /** Below the root; it comes back afterwards. */
  readonly path: string;
  readonly deviation: RegExp;
  spoil(file: string): Promise<void>;
}

const append = async (file: string) => writeFile(file, 'x', { flag: 'a' });
const BLOBS = 'var/lib/containerd/io.containerd.content.v1.content/blobs/sha256';

/** One for each kind of deviation. */
const SPOILED: readonly Spoiled[] = [
  {
    what: 'a setting with another content',
    path: 'etc/sysctl.d/90-kubekiln.conf',
    deviation: /90-kubekiln\.conf: its SHA-256 is/,
    spoil: append,
  },
  {
    what: 'a setting with another mode',
    path: 'etc/modules-load.d/kubekiln.conf',
    deviation: /modules-load.*: mode and owner are 666:0:0, planned 644:0:0/,
    spoil: file => chmod(file, 0o666),
  },
  {
    what: 'a file that is missing',
    path: 'etc/systemd/journald.conf.d/kubekiln.conf',
    deviation: /no file is there/,
    spoil: file => rm(file),
  },
  { what: 'a program with another byte', path: 'usr/local/bin/kubelet', deviation: /bin\/kubelet: its SHA-256 is/, spoil: append },
  {
    what: 'a member of an archive with another byte',
    path: 'usr/local/bin/etcdctl',
    deviation: /etcdctl: .*not what came out of/,
    spoil: append,
  },
  {
    what: 'a program of another release',
    path: 'usr/local/bin/kubectl',
    deviation: /kubectl: it calls itself Kubernetes v1\.30\.0, planned 1\.37\.1/,
    spoil: async file => writeFile(file, '#!/bin/sh\necho Kubernetes v1.30.0\n'),
  },
  {
    what: 'a package that is gone',
    path: 'usr/sbin/haproxy',
    deviation: /haproxy: missing: haproxy 2\.4/,
    spoil: file => rename(file, `${file}.gone`),
  },
  {
    what: 'a damaged layer of a container image',
    path: BLOBS,
    deviation: /: its part sha256:[0-9a-f]{64} is [0-9a-f]{64}/,
    spoil: async directory => {
      for (const blob of await readdir(directory)) await append(join(directory, blob));
    },
  },
  {
    what: 'a unit that would start by itself',
    path: 'etc/systemd/system/multi-user.target.wants/kubekiln-install.service',
    deviation: /first boot would start by itself/,
    spoil: file => symlink('/etc/systemd/system/kubekiln-install.service', file),
  },
  { what: 'a machine-id', path: 'etc/machine-id', deviation: /machine-id: it is not empty/, spoil: append },
  { what: 'a host key', path: 'etc/ssh/ssh_host_rsa_key', deviation: /a host key/, spoil: append },
  { what: 'state of cloud-init', path: 'var/lib/cloud/data', deviation: /state of cloud-init/, spoil: append },
  { what: 'a seed of random numbers', path: 'var/lib/systemd/random-seed', deviation: /a seed of random numbers/, spoil: append },
  { what: 'a lease', path: 'var/lib/dhcp/dhclient.leases', deviation: /a DHCP lease/, spoil: append },
  { what: 'a host name', path: 'etc/hostname', deviation: /the name of the machine/, spoil: append },
  { what: 'data of etcd', path: 'var/lib/etcd/member', deviation: /data of etcd/, spoil: append },
  { what: 'the settings of a node', path: 'etc/kubekiln/node.env', deviation: /part of a node/, spoil: append },
  { what: 'a history', path: 'root/.bash_history', deviation: /history/, spoil: append },
  { what: 'a log', path: 'var/log/syslog.1', deviation: /a log of the machine/, spoil: append },
  { what: 'a journal', path: 'var/log/journal/abc', deviation: /a journal/, spoil: append },
  { what: 'a file in /tmp', path: 'tmp/x', deviation: /tmp\/x: left behind/, spoil: append },
  {
    what: 'a private key',
    path: 'etc/ssl/private/x.key',
    deviation: /x\.key: it holds a private key/,
    spoil: file => writeFile(file, '-----BEGIN EC PRIVATE KEY-----\nx\n'),
  },
  { what: 'a bake that was not finished', path: 'usr/local/share/kubekiln/baking', deviation: /the bake is not finished/, spoil: append },
];
