// The layouts of the two older guides, on real hosts: their paths, users, subnets and flag values, with this test's nodes in place of theirs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';
import { parseYaml } from '../../src/formats/yaml.ts';
import { buildCluster } from './built-cluster.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { untilLeasesHeldBy } from './leases.ts';
import { programsOfHost } from './node-programs.ts';
import { THREE_NODES } from './nodes.ts';
import { eventually, seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

interface GuideSpec {
  readonly nodes: unknown;
  readonly kubernetesVersion: string;
  readonly controlPlaneEndpoint?: string;
  readonly [key: string]: unknown;
  readonly paths: { readonly binaries: string; readonly pki: string };
}

for (const guide of ['kube-apiserver', 'kube-controller-manager']) {
  test(`the layout of the ${guide} guide boots`, { timeout: 900_000 }, async t => {
    const file = join(packageRoot(), 'examples/guides', guide, 'cluster.yaml');
    const { value } = parseYaml(readFileSync(file, 'utf8'));
    // Its machines and its load balancer are elsewhere; the rest is as it stands.
    const { nodes: _nodes, kubernetesVersion, controlPlaneEndpoint, ...own } = (value as { spec: GuideSpec }).spec;
    const spec = controlPlaneEndpoint === undefined ? own : { ...own, controlPlaneEndpoint: `${THREE_NODES[0]?.address}:6443` };
    const built = await buildCluster({ spec });
    const programs = await programsOfHost(built.kubernetesVersion);
    const moved = new Map([...programs].map(([path, from]) => [path.replace('/usr/local/bin', spec.paths.binaries), from]));
    await withControlPlane(
      `guide-${guide}`,
      () => createHosts(built, 'user-data', { programs: moved }),
      async plane => {
        t.diagnostic(`${kubernetesVersion}: power-on to /readyz on all three: ${seconds(await untilReady(plane, await powerOn(plane)))}`);
        const { host } = member(plane, 0);
        for (const unit of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubekiln-bootstrap'])
          await eventually(`${unit} is active`, async () => (await host.try(`systemctl is-active ${unit}`)).stdout.trim() === 'active', {
            timeout: 60_000,
          });
        const command = await host.sh('ps -o args= -C kube-apiserver');
        assert.ok(command.startsWith(`${spec.paths.binaries}/kube-apiserver `), command.slice(0, 80));
        await host.sh(`test -f ${spec.paths.pki}/apiserver.crt && test ! -e /etc/kubernetes/pki`);
        // The second guide's own check: who leads.
        await untilLeasesHeldBy(plane, plane.members, member(plane, 0));
      },
    );
  });
}
