// What a security review tries first, tried on a booted cluster with nothing said about it in cluster.yaml but that its machines are in a cloud.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildCluster } from './built-cluster.ts';
import { run } from './command.ts';
import { type ControlPlane, member, powerOn, untilReady } from './control-plane.ts';
import { importImages } from './images/import-images.ts';
import { agnhostImage, COREDNS_VERSION, testImages } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { type Network, SUBNET_6 } from './network.ts';
import { eventually } from './patience.ts';
import { whenRunEnds } from './run-directory.ts';
import { withControlPlane } from './with-control-plane.ts';

const PORT = 8080;
const METADATA = ['169.254.169.254', 'fd00:ec2::254'];
const SERVER = join(dirname(fileURLToPath(import.meta.url)), 'metadata-server.js');

/** Gives the gateway of the cluster's network the addresses, and serves there. Hosts reach IPv4 by their default route. Returns what stops it. */
async function serveMetadata({ namespace, bridge }: Network): Promise<() => void> {
  for (const address of METADATA)
    await run('ip', ['-n', namespace, 'address', 'add', address, 'dev', bridge, ...(address.includes(':') ? ['nodad'] : [])]);
  const server = spawn('nsenter', [`--net=/run/netns/${namespace}`, process.execPath, SERVER, ...METADATA], { stdio: 'inherit' });
  const stop = () => void server.kill('SIGKILL');
  whenRunEnds(stop);
  return stop;
}

function pod(image: string, name: string, spec: object = {}, container: object = {}): object {
  const tolerations = [{ operator: 'Exists' }];
  const containers = [{ name: 'main', image, args: ['pause'], ...container }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { tolerations, containers, ...spec } };
}

const inNamespace = (namespace: string, object: object) => {
  const { metadata } = object as { metadata: object };
  return { ...object, metadata: { ...metadata, namespace } };
};

/** HTTP statuses of that many events about one pod, said by one source over one connection. */
async function flood({ operator, members, network }: ControlPlane, source: string, count: number): Promise<readonly number[]> {
  const event = {
    ...{ apiVersion: 'v1', kind: 'Event', metadata: { generateName: 'flood-' }, type: 'Normal', reason: 'Flood', message: 'again' },
    ...{ involvedObject: { kind: 'Pod', namespace: 'default', name: 'noisy' }, source: { component: source } },
  };
  const url = `https://${members[0]?.address}:6443/api/v1/namespaces/default/events?n=[1-${count}]`;
  const request = ['--header', 'Content-Type: application/json', '--data', JSON.stringify(event), url];
  const said = await network.run('curl', [
    ...['--silent', '--output', '/dev/null', '--write-out', '%{http_code}\n'],
    ...operator.curlCredentials,
    ...request,
  ]);
  return said.trim().split('\n').map(Number);
}

test('security defaults', { timeout: 900_000 }, async t => {
  const built = await buildCluster({
    ...{ size: 1, dualStack: true },
    spec: { dns: { imageTag: COREDNS_VERSION }, metadataService: { podAccess: 'blocked' } },
  });
  const [images, { reference: image }] = [await testImages(), await agnhostImage()];
  await withControlPlane(
    'security-defaults',
    () => createHosts(built, 'user-data'),
    async plane => {
      const { operator } = plane;
      const { host, address } = member(plane, 0);
      t.after(await serveMetadata(plane.network));
      const since = await powerOn(plane, [{ index: 0, after: 0 }]);
      await importImages(member(plane, 0), images);
      await untilReady(plane, since);
      await operator.wait('nodes', 'condition=Ready', ['cp-1']);
      for (const namespace of ['default', 'kube-system'])
        await eventually('service accounts are there', () => operator.kubectl(['get', 'serviceaccount', 'default', '-n', namespace]));

      await t.test('nobody without a name is heard', async () => {
        assert.equal((await operator.stranger(address, '/version')).status, 401);
        assert.equal((await operator.stranger(address, '/version', 'Authorization: Bearer 07401b.f395accd246ae52d')).status, 401);
      });

      await t.test('a privileged pod, or one with the network of its host, is refused in default and taken in kube-system', async () => {
        const pods = [
          pod(image, 'privileged', {}, { securityContext: { privileged: true } }),
          pod(image, 'host-network', { hostNetwork: true }),
        ];
        for (const one of pods) {
          await assert.rejects(operator.apply([one]), /violates PodSecurity "baseline:latest": (privileged|host namespaces)/);
          await operator.apply([inNamespace('kube-system', one)]);
        }
        await operator.wait('pods', 'condition=Ready', ['host-network'], '--namespace=kube-system');
      });

      await t.test('a plain pod runs in default, and its author is told what restricted would want', async () => {
        const { code, stderr } = await operator.tryKubectl(['run', 'warned', `--image=${image}`, '--dry-run=server']);
        assert.equal(code, 0, stderr);
        assert.match(stderr, /Warning: would violate PodSecurity "restricted:latest"/);
        await operator.apply([pod(image, 'plain', {}, { args: ['netexec', `--http-port=${PORT}`] })]);
        await operator.wait('pods', 'condition=Ready', ['plain']);
      });

      await t.test('names are resolved: CoreDNS, kube-proxy and flannel work', async () => {
        await operator.wait('deployments', 'condition=Available', ['coredns'], '--namespace=kube-system');
        const asked = ['exec', 'plain', '--', 'dig', '+short', 'kubernetes.default.svc.cluster.local'];
        await eventually('a pod finds the API', async () => /^10\.96\.0\.1$/m.test(await operator.kubectl(asked)));
      });

      await t.test('a Service claims no addresses', async () => {
        const spec = { ports: [{ port: 80 }], externalIPs: ['192.0.2.1'] };
        const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'thief' }, spec };
        await assert.rejects(operator.apply([service]), /Use of external IPs is denied by admission control/);
      });

      await t.test('pods do not reach the metadata service, its resolver excepted; the node and pods on its network do', async () => {
        // No default route of IPv6 is there (nodes.ts).
        await host.sh(`ip -6 route add ${METADATA[1]} via ${SUBNET_6.prefix}:1`);
        const get = (at: string) => ['curl', '--silent', '--globoff', '--max-time', '5', `http://${at.includes(':') ? `[${at}]` : at}/`];
        const ask = (at: string, namespace = 'default', name = 'plain') =>
          operator.tryKubectl(['exec', `--namespace=${namespace}`, name, '--', ...get(at)]);
        const isBlocked = async (at: string, when: string) => {
          const { code, stderr } = await ask(at);
          // 7, not 28: refused at once, so that software which tries it loses no time.
          assert.equal(code, 7, `${when}: ${at}: ${stderr}`);
        };
        for (const at of METADATA) {
          assert.equal(await eventually(`the node reaches ${at}`, () => host.sh(get(at).join(' '))), 'user-data\n');
          assert.equal((await ask(at, 'kube-system', 'host-network')).stdout, 'user-data\n', `${at} from the host's network`);
          await isBlocked(at, 'at first');
          assert.match(await operator.kubectl(['exec', 'plain', '--', 'dig', '+tries=1', `@${at}`, 'example.com']), /status: NOERROR/);
        }
        // As health checks of Azure's load balancers do, which have its address.
        const ip = (await operator.kubectl(['get', 'pod', 'plain', '--output=jsonpath={.status.podIP}'])).trim();
        await plane.network.run('ip', ['route', 'add', ip, 'via', address]);
        const check = ['--silent', '--fail', '--max-time', '5', '--interface', METADATA[0] ?? '', `http://${ip}:${PORT}/hostname`];
        assert.equal(await plane.network.run('curl', check), 'plain');
        // It is the rules that did it, and they come back.
        await host.sh('nft delete table inet kubekiln-metadata');
        for (const at of METADATA) assert.equal((await ask(at)).stdout, 'user-data\n', `${at} without the rules`);
        await host.sh('systemctl restart kube-proxy flanneld kubekiln-metadata');
        for (const at of METADATA) await isBlocked(at, 'after restarts');
        // Debian's own service flushes every table.
        for (const verb of ['restart', 'reload']) {
          await host.sh(`systemctl ${verb} nftables`);
          await eventually(`the rules are back after a ${verb}`, () => host.sh('nft list table inet kubekiln-metadata'));
        }
      });

      await t.test('a flood of events from one source meets 429, another source is heard', async subtest => {
        const began = performance.now();
        const statuses = await flood(plane, 'noisy', 300);
        const [heard, refused] = [201, 429].map(status => statuses.filter(found => found === status).length);
        const took = (performance.now() - began) / 1000;
        subtest.diagnostic(`300 events in ${took.toFixed(1)} s: ${heard} taken, ${refused} refused`);
        assert.equal((heard ?? 0) + (refused ?? 0), statuses.length, statuses.join(' '));
        // burst 100, 10 a second
        assert.ok((heard ?? 0) >= 100 && (heard ?? 0) <= 101 + 10 * took && (refused ?? 0) > 0);
        assert.deepEqual(new Set(await flood(plane, 'quiet', 20)), new Set([201]));
      });
    },
  );
});
