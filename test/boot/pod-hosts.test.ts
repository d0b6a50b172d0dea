// Proves the harness itself: a host that runs pods can change settings of its kernel, and leaves those of this machine as they were.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { writeImage } from './images/archive.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { machineSettings } from './machine-settings.ts';
import { runDirectory } from './run-directory.ts';
import { withControlPlane } from './with-control-plane.ts';

test("a host sets neither this machine's clock nor its kernel", { timeout: 300_000 }, async () => {
  const before = await machineSettings();
  const built = await buildCluster({ size: 1 });
  await withControlPlane(
    'pod-hosts',
    () => createHosts(built, 'user-data'),
    async ({ members }) => {
      for (const { host } of members) {
        await host.start();
        await host.sh('until systemctl is-active --quiet pod-host.service; do sleep 0.2; done');
        assert.notEqual((await host.try('date --set=@0')).code, 0, 'a host could set the clock of this machine');
        await host.sh(
          'sysctl --quiet --write kernel.panic=3 vm.swappiness=1 fs.file-max=70000 net.core.rmem_max=70000 net.ipv4.tcp_sack=0',
        );
        assert.match(await host.sh('sysctl vm.swappiness kernel.panic'), /swappiness = 1\nkernel.panic = 3/);
      }
    },
  );
  assert.deepEqual(await machineSettings(), before, 'a host changed the settings of this machine');
});

test('an image archive is the same bytes each time', async () => {
  const directory = join(runDirectory(), 'image');
  await mkdir(join(directory, 'root/bin'), { recursive: true });
  const digests = [];
  for (const name of ['one', 'two']) {
    await writeFile(join(directory, 'root/bin/program'), 'one');
    await writeImage(join(directory, name), 'example.org/image:1', join(directory, 'root'), { Entrypoint: ['/bin/program'] });
    digests.push(
      createHash('sha256')
        .update(await readFile(join(directory, name)))
        .digest('hex'),
    );
  }
  assert.equal(digests[0], digests[1]);
});
