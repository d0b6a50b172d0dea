// Three hosts, each with the file that another kind of platform takes, and with parts of the operator beside kubekiln's.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { powerOn, untilReady } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

/** Text alone, base64, bytes; in the order of the hosts. */
const PLATFORMS = [
  { platform: 'digitalocean', file: 'user-data.packed' },
  { platform: 'gcp', file: 'user-data.b64' },
  { platform: 'openstack', file: 'user-data.gz' },
] as const;
const MERGE = 'merge_how: dict(replace)+list(replace)';
const PARTS = {
  'motd.yaml': `#cloud-config\n${MERGE}\nbootcmd: [[touch, /run/theirs-early]]\nwrite_files: [{path: /etc/motd, content: "a host of ours\\n"}]\n`,
  'hello.sh': '#!/bin/sh\necho "hello from $(hostname)" >/root/hello\n',
};

test('hosts come up from packed text, base64 and bytes, and take the parts of the operator too', { timeout: 600_000 }, async t => {
  const built = await buildCluster({
    platforms: PLATFORMS.map(({ platform }) => platform),
    files: PARTS,
    spec: {
      node: {
        userDataParts: [
          { file: 'motd.yaml', type: 'cloud-config' },
          { file: 'hello.sh', type: 'x-shellscript' },
        ],
      },
    },
  });
  for (const [index, { file }] of PLATFORMS.entries())
    assert.ok((await readdir(join(built.out, 'nodes', built.nodes[index]?.name ?? ''))).includes(file), file);
  await withControlPlane(
    'encodings',
    () => createHosts(built, 'user-data'),
    async plane => {
      t.diagnostic(`power-on to /readyz on all three: ${seconds(await untilReady(plane, await powerOn(plane)))}`);
      for (const { name, host } of plane.members) {
        const on = async (script: string) => (await host.sh(script)).trim();
        assert.equal(await on('cat /etc/motd'), 'a host of ours', name);
        assert.equal(await on('ls /run/theirs-early'), '/run/theirs-early', name);
        await eventually(`the operator's script ran on ${name}`, async () => (await on('cat /root/hello')) === `hello from ${name}`);
        assert.equal(await on('ls /var/lib/kubekiln/payload'), '', `${name} keeps something of what it unpacked`);
      }
    },
  );
});
