// Images that nodes pull from a registry with an authority and a password of its own; and what a digest means for an image that came as an archive.
import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { ensureBinaries, KUBERNETES_VERSION } from './cache.ts';
import { run } from './command.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { writeImage } from './images/archive.ts';
import { importImages } from './images/import-images.ts';
import { busyboxImage, pauseImage } from './images/test-images.ts';
import { bringTarball } from './install-tarball.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { CONTAINERD_1_VERSION, CONTAINERD_VERSION } from './node-programs.ts';
import { eventually, seconds } from './patience.ts';
import { createRegistry } from './registry.ts';
import { runDirectory } from './run-directory.ts';
import { SUPPORT } from './support-archive.ts';
import { withControlPlane } from './with-control-plane.ts';

function pod(name: string, image: string, imagePullPolicy = 'IfNotPresent'): object {
  const container = { name: 'one', image, imagePullPolicy, command: image.includes('pause') ? ['/pause'] : ['sleep', 'infinity'] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      nodeName: 'cp-1',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [container],
    },
  };
}

/** The digest of the one image in an archive. */
async function digestOf(archive: string): Promise<string> {
  const index = JSON.parse(await run('tar', ['--extract', '--to-stdout', '--file', archive, 'index.json']));
  return index.manifests[0].digest;
}

/** The older line of containerd, and the last minor that takes it, in the full run. */
const RELEASES = [
  { kubernetesVersion: KUBERNETES_VERSION, containerdVersion: CONTAINERD_VERSION },
  ...(process.env.KUBEKILN_BOOT_FULL !== '1' ? [] : [{ kubernetesVersion: 'v1.35.4', containerdVersion: CONTAINERD_1_VERSION }]),
];

for (const { kubernetesVersion, containerdVersion } of RELEASES) {
  test(`containerd ${containerdVersion}: a registry that wants a password`, { timeout: 600_000 }, t =>
    imagesArrive(t, kubernetesVersion, containerdVersion),
  );
}

async function imagesArrive(t: TestContext, kubernetesVersion: string, containerdVersion: string): Promise<void> {
  const [pause, busybox] = [await pauseImage(), await busyboxImage()];
  const registry = await createRegistry([pause, busybox]);
  const repository = busybox.reference.slice(busybox.reference.indexOf('/') + 1);
  const built = await buildCluster({
    size: 1,
    kubernetesVersion,
    spec: { dns: { disabled: true }, registries: registry.registries },
    files: registry.files,
    beforeBuild: async (_kubekiln, directory) => {
      const file = join(directory, 'secrets.yaml');
      const { host, username, password } = registry;
      const entry = `registryCredentials:\n- ${JSON.stringify({ host, username, password })}\n`;
      await writeFile(file, (await readFile(file, 'utf8')).replace(/^etcd:/m, `${entry}etcd:`));
    },
  });
  await withControlPlane(
    'registry',
    () => createHosts(built, 'user-data', { containerdVersion }),
    async plane => {
      const { operator } = plane;
      const { host } = member(plane, 0);
      const events = (name: string) =>
        operator.kubectl(['get', 'events', `--field-selector=involvedObject.name=${name}`, '--output=jsonpath={.items[*].message}']);
      const says = (name: string, words: RegExp) =>
        eventually(`the events of ${name} say ${words}`, async () => words.test(await events(name)), {
          timeout: 90_000,
          explain: () => events(name),
        });

      await t.test('pods run from images that only the registry has, the sandbox included', async subtest => {
        await registry.start(plane.network);
        // The registry itself, without a mirror, is checked by what the system trusts.
        await writeFile(join(host.root, 'etc/ssl/certs/registry-ca.pem'), registry.authority);
        const since = await powerOn(plane, [{ index: 0, after: 0 }]);
        await untilReady(plane, since);
        await operator.wait('nodes', 'condition=Ready', ['cp-1']);
        await operator.apply([pod('mirrored', busybox.reference), pod('direct', `${registry.host}/${repository}`)]);
        await operator.wait('pods', 'condition=Ready', ['mirrored', 'direct']);
        subtest.diagnostic(`power-on to pods: ${seconds(performance.now() - since)}`);
        const pulled = await host.sh('ctr --namespace k8s.io images list name~=pause');
        assert.match(
          pulled,
          /^registry\.k8s\.io\/pause:\S+ .*io\.cri-containerd\.pinned=pinned/m,
          'garbage collection would remove the sandbox',
        );
      });

      await t.test('an image named with its digest is pulled as well', async () => {
        await operator.apply([pod('pinned', `${busybox.reference}@${await digestOf(busybox.archive)}`, 'Always')]);
        await operator.wait('pods', 'condition=Ready', ['pinned']);
      });

      await t.test('the password stands in files that root alone reads, and in no other', async () => {
        const basic = Buffer.from(`${registry.username}:${registry.password}`).toString('base64');
        const holders = (await host.sh(`grep --recursive --files-with-matches '${basic}' /etc /usr/local /run/systemd`)).trim().split('\n');
        assert.deepEqual(holders.sort(), [
          '/etc/containerd/certs.d/10.77.0.1_5000_/hosts.toml',
          '/etc/containerd/certs.d/registry.k8s.io/hosts.toml',
        ]);
        assert.equal((await host.sh(`stat --format=%a:%U ${holders.join(' ')}`)).trim(), '600:root\n600:root');
        await bringTarball(host, built);
        await host.sh(`${SUPPORT} /run/support.tar.gz`);
        for (const secret of [basic, registry.password])
          assert.equal((await host.try(`tar -xzOf /run/support.tar.gz | grep -c '${secret}'`)).stdout.trim(), '0');
        const shown = await built.kubekiln('inspect', join(built.out, 'nodes/cp-1/user-data.gz'), '--show', holders[1] ?? '');
        assert.match(shown, /Authorization = "Basic \(redacted\)"/);
      });

      await t.test('a wrong password is named in the events of the pod', async () => {
        await registry.stop();
        await registry.start(plane.network, 'another word');
        await operator.apply([pod('refused', `${registry.host}/${repository.replace(/:.*/, ':other')}`)]);
        await says('refused', /401 Unauthorized|authorization failed/);
        await registry.stop();
      });

      await t.test('an image that came as an archive is found by its tag, and by its digest only where it was tagged so', async () => {
        const root = join(runDirectory(), `pause-root-${containerdVersion}`);
        await mkdir(root, { recursive: true });
        await chmod(root, 0o755);
        await copyFile(join(await ensureBinaries('pause', '3.10.2', 'a second'), 'pause'), join(root, 'pause'));
        const repository = 'registry.example.com/team/pause';
        const archive = join(runDirectory(), 'team-pause.tar');
        await writeImage(archive, `${repository}:1`, root, { Entrypoint: ['/pause'], User: '65535:65535' });
        await importImages(member(plane, 0), [{ archive }]);
        await operator.apply([
          pod('tagged-pause', `${repository}:1`, 'Never'),
          pod('pinned-pause', `${repository}:1@${await digestOf(archive)}`, 'Never'),
        ]);
        await operator.wait('pods', 'condition=Ready', ['tagged-pause']);
        await says('pinned-pause', /is not present with pull policy of Never/);
        // containerd 1.7 would take `import --digests --base-name` for it as well, containerd 2.4 does not.
        await host.sh(`ctr --namespace k8s.io images tag ${repository}:1 ${repository}@${await digestOf(archive)}`);
        await operator.wait('pods', 'condition=Ready', ['pinned-pause']);
      });
    },
  );
}
