// Nodes of hand-made units beside a control plane that anybody made: what kubekiln's own nodes are compared with, and the harness's proof that hosts
// can run pods.
import { mkdtemp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BuiltCluster } from './built-cluster.ts';
import { ensureRootFileSystem } from './cache.ts';
import { run } from './command.ts';
import type { ControlPlane, Member } from './control-plane.ts';
import { createHost } from './host.ts';
import type { TestImage } from './images/test-images.ts';
import type { Network } from './network.ts';
import { CONTAINERD_VERSION, nodePrograms } from './node-programs.ts';
import { networkConfigOf, type TestNode } from './nodes.ts';
import { podHost } from './pod-host.ts';
import { BOOT_SCRIPTS } from './repository.ts';
import { runDirectory } from './run-directory.ts';
import { seedOfPlainHost } from './seed.ts';

/** Where a host finds image archives that `images` brought. */
const IMAGES = '/var/lib/test-images';

/** Hosts, switched off, that join the control plane of `built` as nodes; the CA that signs for them is read from the first node's tarball. */
export async function createFloorNodes(
  built: BuiltCluster,
  network: Network,
  nodes: readonly TestNode[],
  containerdVersion = CONTAINERD_VERSION,
): Promise<readonly Member[]> {
  const directory = await mkdtemp(join(runDirectory(), 'floor-nodes-'));
  const first = built.nodes[0];
  if (first === undefined) throw new Error('no control plane');
  await run('tar', ['--extract', '--gzip', '--file', join(built.out, 'nodes', first.name, 'node.tar.gz'), '--directory', directory]);
  const ca = join(directory, 'files/etc/kubernetes/pki');
  const setup = await podHost(await nodePrograms(built.kubernetesVersion, containerdVersion), containerdVersion);
  const members = [];
  for (const { name, address } of nodes) {
    await run(join(BOOT_SCRIPTS, 'floor/lay-out-node.sh'), [
      ca,
      `https://${first.address}:6443`,
      directory,
      name,
      address,
      containerdVersion,
    ]);
    const tree = join(directory, name);
    await seedOfPlainHost(tree, name, JSON.stringify(networkConfigOf(address)));
    const host = await createHost({
      ...{ name, network, rootFileSystem: await ensureRootFileSystem() },
      ...{ ...setup, trees: [...setup.trees, tree] },
    });
    members.push({ name, address, host });
  }
  return members;
}

/** What flanneld and kube-proxy of those nodes may do; the kubelets are known by their names. */
export async function allowFloorNodes({ operator }: ControlPlane): Promise<void> {
  const rules = [
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
  ];
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
  const binding = (user: string, role: string) => ({
    ...{ ...rbac, kind: 'ClusterRoleBinding', metadata: { name: `floor-${user}` } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }],
  });
  await operator.apply([
    { ...rbac, kind: 'ClusterRole', metadata: { name: 'floor-flannel' }, rules },
    binding('flannel', 'floor-flannel'),
    binding('system:kube-proxy', 'system:node-proxier'),
  ]);
}

/** Gives images to a running host's containerd, as an offline bundle would. */
export async function importImages({ host }: Member, images: readonly TestImage[]): Promise<void> {
  for (const { archive } of images) {
    const inside = join(IMAGES, basename(archive));
    await run('install', ['-D', '--mode=0644', archive, join(host.root, inside)]);
    await host.sh(`until ctr version > /dev/null 2>&1; do sleep 0.2; done; ctr --namespace k8s.io images import ${inside}; rm ${inside}`);
  }
}
