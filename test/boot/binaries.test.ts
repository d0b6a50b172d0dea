// Programs that a node downloads at its first boot: etcd is the real one, from an archive as upstream packs it; the other daemons start and do nothing.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { run } from './command.ts';
import { member, powerOn } from './control-plane.ts';
import { etcdOnly } from './daemons.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { createMirror } from './mirror.ts';
import { eventually } from './patience.ts';
import { runDirectory } from './run-directory.ts';
import { consoleMark, unitState, untilVerdict } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

interface List {
  readonly binaries: readonly { readonly name: string; readonly url: string }[];
}

/** Projects that publish archives, and what a node takes out of them. */
const ARCHIVES: Readonly<Record<string, readonly string[]>> = {
  etcd: ['etcd', 'etcdctl', 'etcdutl'],
  containerd: ['containerd', 'containerd-shim-runc-v2'],
  'cni-plugins': ['bridge', 'host-local', 'loopback', 'portmap'],
};
const DOWNLOADED = /\/(etcd|etcdctl|etcdutl|kube[a-z-]*|containerd|containerd-shim-runc-v2|flanneld|bridge|host-local|loopback|portmap)$/;

test('a control-plane node that downloads its programs', { timeout: 500_000 }, async t => {
  const programs = new Map(await etcdOnly());
  const mirror = await createMirror();
  // else a failure would keep the run from ending
  t.after(() => mirror.stop());
  const at = (name: string) => programs.get(`/usr/local/bin/${name}`) ?? programs.get(`/opt/cni/bin/${name}`) ?? '';
  /** The file that upstream would have at that address, made of what this machine has. */
  const contentOf = async (name: string, url: string): Promise<Uint8Array> => {
    const members = ARCHIVES[name];
    if (members === undefined) return readFile(at(name));
    const directory = name === 'etcd' ? url.slice(url.lastIndexOf('/') + 1, -'.tar.gz'.length) : name === 'containerd' ? 'bin' : '.';
    const work = await mkdtemp(join(runDirectory(), 'archive-'));
    await mkdir(join(work, 'tree', directory), { recursive: true });
    for (const member of members) await symlink(at(member), join(work, 'tree', directory, member));
    await run('tar', [
      '--create',
      '--gzip',
      '--dereference',
      '--file',
      join(work, 'archive'),
      '--directory',
      join(work, 'tree'),
      directory,
    ]);
    return readFile(join(work, 'archive'));
  };
  const spec = { binaries: { source: 'mirror', url: `${mirror.url}/k8s` }, downloads: { caFile: 'ca.pem' }, bootstrapPatience: 'never' };
  const files = new Map<string, Uint8Array>();
  const built = await buildCluster({
    size: 1,
    spec,
    files: { 'ca.pem': mirror.authority },
    beforeBuild: async (kubekiln, directory) => {
      const list: List = JSON.parse(await kubekiln('images', 'list', '-o', 'json'));
      const binaries = [];
      for (const { name, url, ...rest } of list.binaries) {
        const content = await contentOf(name, url);
        files.set(url.slice('https://'.length), content);
        binaries.push({ name, ...rest, url, sha256: createHash('sha256').update(content).digest('hex') });
      }
      const lock = join(directory, 'cluster.lock.yaml');
      await writeFile(lock, `${await readFile(lock, 'utf8')}binaries: ${JSON.stringify(binaries)}\n`);
    },
  });
  for (const [path, content] of files) await mirror.put(`k8s/${path}`, content);
  const [broken = ''] = [...files.keys()].filter(path => path.endsWith('/kubectl'));
  await mirror.put(`k8s/${broken}`, Buffer.from('of another release'));
  for (const path of [...programs.keys()]) if (DOWNLOADED.test(path)) programs.delete(path);

  await withControlPlane(
    'binaries-mirror',
    () => createHosts(built, 'user-data', { programs }),
    async plane => {
      const { host } = member(plane, 0);
      await t.test('no mirror answers: waits, and says why', async () => {
        await powerOn(plane, [{ index: 0, after: 0 }]);
        await untilVerdict(host, 0, { stage: 'binaries', result: 'waiting', reason: /curl: .*(connect|refused)/i });
      });
      await t.test('cut while it downloads, and other bytes than the pinned ones: named, nothing started', async () => {
        await host.cut();
        await mirror.start(plane.network);
        const since = await consoleMark(host);
        await host.start();
        await untilVerdict(host, since, {
          stage: 'binaries',
          result: 'failed',
          reason: /kubectl: its SHA-256 is [0-9a-f]{64}, cluster\.lock\.yaml says [0-9a-f]{64}/,
        });
        assert.equal((await host.try('test -e /usr/local/bin/kube-apiserver')).code, 1);
        await mirror.stop();
      });
      await t.test('with the right bytes it goes on by itself; a byte of a program changed later is put right by --apply', async () => {
        await mirror.put(`k8s/${broken}`, files.get(broken) ?? new Uint8Array());
        await mirror.start(plane.network);
        const runs = async () => (await unitState(host, 'etcd.service')) === 'active/running';
        await eventually('etcd runs', runs, { timeout: 120_000 });
        assert.equal((await host.sh('ls /usr/local/bin/*.kubekiln-new /var/lib/kubekiln/downloads 2>/dev/null || :')).trim(), '');
        const archive = join(built.out, 'nodes/cp-1/node.tar.gz');
        await mkdir(join(host.root, 'root/new'), { recursive: true });
        await run('tar', ['--extract', '--gzip', '--file', archive, '--directory', join(host.root, 'root/new')]);
        const sums = () => host.sh('sha256sum /usr/local/bin/kube-scheduler /usr/local/bin/etcd');
        const before = await sums();
        await host.sh('cp /bin/true /usr/local/bin/kube-scheduler');
        await host.sh('cd /root/new && ./install --apply', { timeout: 120_000 });
        assert.equal(await sums(), before);
        await mirror.stop();
      });
    },
  );
});
