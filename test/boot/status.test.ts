// `kubekiln status` against real clusters: nobody there, some there, all Ready, one gone; its exit codes are what scripts branch on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BuiltCluster, buildCluster } from './built-cluster.ts';
import type { Output } from './command.ts';
import { type ControlPlane, member, powerOn } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, seconds } from './patience.ts';
import { KUBEKILN } from './repository.ts';
import { withControlPlane } from './with-control-plane.ts';

interface NodeStatus {
  readonly name: string;
  readonly stage: string;
  readonly apiServer?: { readonly ready: boolean; readonly version: string };
  readonly kubeletVersion?: string;
  readonly certificates: readonly { readonly name: string; readonly daysLeft: number }[];
  readonly notes: readonly string[];
}

/** What a network plugin of the operator's own leaves behind: enough for a node to be Ready. */
const NETWORK_CONFIGURATION = JSON.stringify({
  cniVersion: '1.0.0',
  name: 'test',
  plugins: [{ type: 'bridge', bridge: 'cni0', ipam: { type: 'host-local', ranges: [[{ subnet: '10.244.99.0/24' }]] } }],
});

test('kubekiln status', { timeout: 900_000 }, async t => {
  const built = await buildCluster({ size: 1, workers: 1, spec: { podNetwork: { type: 'none' } } });
  await withControlPlane(
    'status',
    () => createHosts(built, 'user-data'),
    async plane => {
      const [worker] = plane.workers;
      assert.ok(worker);
      const status = (...args: readonly string[]) => runStatus(built, plane, args);
      const nodes = (output: Output) => (JSON.parse(output.stdout) as { nodes: readonly NodeStatus[] }).nodes;

      await t.test('1 when nobody answers', async () => {
        const { code, stderr } = await status();
        assert.equal(code, 1);
        assert.match(stderr, /error\[api-unreachable\]/);
      });

      await t.test('3 while a node is missing or not Ready, and it says which and why', async subtest => {
        const since = await powerOn(plane, [{ index: 0, after: 0 }]);
        const first = await eventually('the API answers', async () => [await status('-o', 'json')].find(({ code }) => code === 3), {
          timeout: 180_000,
        });
        subtest.diagnostic(`first answer ${seconds(performance.now() - since)} after power-on`);
        assert.equal(nodes(first).find(node => node.name === 'w-1')?.stage, 'absent');
        await worker.host.start();
        await eventually(
          'both nodes have joined',
          async () => nodes(await status('-o', 'json')).every(node => node.stage === 'joined' || node.stage === 'ready'),
          { timeout: 180_000, explain: async () => (await status()).stdout },
        );
        const { code, stdout } = await status();
        subtest.diagnostic(`\n${stdout}`);
        assert.equal(code, 3);
        assert.match(stdout, /^0 of 2 nodes are Ready\.$/m);
        assert.match(stdout, /^w-1: .*[Nn]etwork.*not ready/m);
      });

      await t.test('3 when --wait has waited for nothing', async () => {
        const { code, stderr } = await status('--wait', '--timeout', '5s', '-v');
        assert.equal(code, 3);
        assert.match(stderr, /^0 of 2 nodes are Ready; waiting for cp-1, w-1$/m);
      });

      await t.test('0 when all are Ready, for which --wait waits; versions, and days left of what runs', async subtest => {
        const waiting = status('--wait', '--timeout', '3m', '-o', 'json');
        for (const { host } of [member(plane, 0), worker])
          await host.sh(`mkdir -p /etc/cni/net.d && echo '${NETWORK_CONFIGURATION}' > /etc/cni/net.d/10-test.conflist`);
        const output = await waiting;
        assert.equal(output.code, 0, output.stderr);
        const [controlPlane, other] = nodes(output);
        assert.ok(controlPlane && other);
        assert.deepEqual(controlPlane.apiServer, { ready: true, version: built.kubernetesVersion });
        assert.deepEqual([controlPlane.kubeletVersion, other.kubeletVersion], [built.kubernetesVersion, built.kubernetesVersion]);
        const days = (node: NodeStatus) => node.certificates.map(({ name, daysLeft }) => `${name} ${daysLeft}`).sort();
        subtest.diagnostic(`${days(controlPlane).join(', ')}; ${days(other).join(', ')}`);
        assert.ok(days(controlPlane).includes('apiserver 364') && days(controlPlane).includes('kubelet-client 364'));
        assert.ok(days(other).includes('kubelet-client 364'));
        subtest.diagnostic(`\n${(await status()).stdout}`);
      });

      await t.test('3 again when a node is gone', async subtest => {
        await worker.host.cut();
        const since = performance.now();
        const gone = await eventually('w-1 is lost', async () => [await status()].find(({ code }) => code === 3), { timeout: 180_000 });
        subtest.diagnostic(`noticed after ${seconds(performance.now() - since)}`);
        assert.match(gone.stdout, /^w-1 +worker +lost /m);
      });
    },
  );
});

function runStatus({ directory }: BuiltCluster, { network }: ControlPlane, args: readonly string[]): Promise<Output> {
  return network.capture(process.execPath, [KUBEKILN, 'status', ...args], { cwd: directory, timeout: 300_000 });
}
