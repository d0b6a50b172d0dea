// The runtime part outside of user-data: from the image, and from a mirror on the hosts' own network.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { etcdOnly } from './daemons.ts';
import type { Host } from './host.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { createMirror } from './mirror.ts';
import { eventually, seconds } from './patience.ts';
import { consoleMark, unitState, untilVerdict } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

const ONE = [{ index: 0, after: 0 }];
const RETRIES = ['kubekiln-first-boot.service', /^activating\/auto-restart$/] as const;

interface Runtime {
  readonly path: string;
  readonly name: string;
  readonly imagePath: string;
}

async function runtimeOf(out: string): Promise<Runtime & { readonly content: Uint8Array }> {
  const { runtime }: { runtime: Runtime } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
  return { ...runtime, content: await readFile(join(out, runtime.path)) };
}

async function bake(host: Host, path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(join(host.root, path)), { recursive: true });
  await writeFile(join(host.root, path), content);
}

test('a control-plane node whose image holds the runtime part', { timeout: 400_000 }, async t => {
  const built = await buildCluster({ size: 1, spec: { runtime: { source: 'image' } } });
  const { imagePath, content } = await runtimeOf(built.out);
  await withControlPlane(
    'runtime-image',
    () => createHosts(built, 'user-data'),
    async plane => {
      const { host } = member(plane, 0);
      await t.test('an image that holds another archive: stops, and names it', async () => {
        await bake(host, imagePath, Buffer.from('of another version'));
        await powerOn(plane, ONE);
        await untilVerdict(host, 0, {
          stage: 'runtime',
          result: 'failed',
          reason:
            /usr\/local\/share\/kubekiln\/runtime-[0-9a-f]{12}\.tar\.gz is not in this image, or not the one with SHA-256 [0-9a-f]{64}/,
          unit: RETRIES,
        });
      });
      await t.test('with the right one it installs itself', async subtest => {
        await host.cut();
        await bake(host, imagePath, content);
        subtest.diagnostic(`power-on to /readyz: ${seconds(await untilReady(plane, await powerOn(plane, ONE)))}`);
      });
      await t.test('the check of its image finds what was installed as its payload says, and what was changed since', async () => {
        const image = join(built.out, 'image');
        for (const [name, from] of Object.entries({ check: 'check', 'check-list': 'check-list-amd64', programs: 'programs-amd64' }))
          await bake(host, join(dirname(imagePath), name), await readFile(join(image, from)));
        const settled = async () => (await deviations(host, dirname(imagePath))).length === 0;
        await eventually('all units run', settled, { explain: async () => (await deviations(host, dirname(imagePath))).join('\n') });
        await host.sh('chmod 0644 /etc/kubernetes/pki/ca.key; echo >>/etc/kubekiln/node.env; systemctl disable kubekiln-install.service');
        assert.deepEqual(await deviations(host, dirname(imagePath)), [
          '/etc/kubekiln/node.env: it is not what the payload says',
          '/etc/kubernetes/pki/ca.key: mode and owner are 644:root, planned 600:root',
          'kubekiln-install.service: the unit is not enabled',
        ]);
      });
    },
  );
});

/** What the check says of the node: programs and container images were not baked into this host. */
async function deviations(host: Host, directory: string): Promise<readonly string[]> {
  const { stdout } = await host.try(`sh ${directory}/check --booted -o json`);
  const verdict: { readonly deviations: readonly { readonly path: string; readonly deviation: string }[] } = JSON.parse(stdout);
  return verdict.deviations
    .map(({ path, deviation }) => `${path}: ${deviation}`)
    .filter(line => /payload|mode and owner|unit|digest/.test(line))
    .sort();
}

test('a control-plane node that downloads the runtime part', { timeout: 400_000 }, async t => {
  const mirror = await createMirror();
  const spec = {
    runtime: { source: 'mirror', url: `${mirror.url}/kubekiln` },
    downloads: { caFile: 'mirror-ca.pem' },
    bootstrapPatience: 'never',
  };
  const built = await buildCluster({ size: 1, spec, files: { 'mirror-ca.pem': mirror.authority } });
  const { name, content } = await runtimeOf(built.out);
  const programs = await etcdOnly();
  await withControlPlane(
    'runtime-mirror',
    () => createHosts(built, 'user-data', { programs }),
    async plane => {
      const { host } = member(plane, 0);
      await t.test('no mirror answers: waits, and says why', async () => {
        await powerOn(plane, ONE);
        await untilVerdict(host, 0, {
          stage: 'runtime',
          result: 'waiting',
          reason: /kubekiln\/runtime-.*: curl: .*(connect|refused)/i,
          unit: RETRIES,
        });
      });
      await t.test('switched off and on while it waits: it waits again, and nothing is written anew', async () => {
        const mark = '/var/lib/cloud/instance/sem/config_write_files';
        const before = await host.sh(`stat -c %y ${mark}`);
        await host.cut();
        const since = await consoleMark(host);
        await host.start();
        await untilVerdict(host, since, { stage: 'runtime', result: 'waiting', reason: /curl: / });
        assert.equal(await host.sh(`stat -c %y ${mark}`), before);
      });
      await t.test('a mirror with other bytes: named', async () => {
        await mirror.put(`kubekiln/${name}`, Buffer.from('of another version'));
        await mirror.start(plane.network);
        const since = await consoleMark(host);
        await untilVerdict(host, since, {
          stage: 'runtime',
          result: 'failed',
          reason: /what it sends has another SHA-256 than [0-9a-f]{64}/,
        });
        await mirror.stop();
      });
      await t.test('the right bytes: it goes on by itself', async () => {
        await mirror.put(`kubekiln/${name}`, content);
        await mirror.start(plane.network);
        const runs = async () => (await unitState(host, 'etcd.service')) === 'active/running';
        await eventually('etcd runs', runs, { timeout: 120_000 });
        assert.equal((await host.sh('ls /var/lib/kubekiln/payload')).trim(), '');
        await mirror.stop();
      });
      await t.test('the next boot needs no mirror', async () => {
        await host.stop();
        const since = await consoleMark(host);
        await host.start();
        await untilVerdict(host, since, { stage: 'start', result: 'done', reason: /^/, console: /done: / });
      });
    },
  );
});
