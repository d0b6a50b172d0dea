import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltCluster } from './built-cluster.ts';
import { type DebianSuite, ensureKubernetes, ensureRootFileSystem } from './cache.ts';
import type { ControlPlane, Member } from './control-plane.ts';
import { createHost } from './host.ts';
import { createNetwork } from './network.ts';
import { programsOfHost } from './node-programs.ts';
import type { TestNode } from './nodes.ts';
import { operatorWith } from './operator.ts';
import { podHost } from './pod-host.ts';
import { runDirectory } from './run-directory.ts';
import { seedByTarball, seedByUserData } from './seed.ts';

/** The two entrances: cloud-init reads everything from user-data, or somebody types ./install in an unpacked node.tar.gz. */
export type Carrier = 'user-data' | 'tarball';

export interface HostSettings {
  /** Default: that of KUBEKILN_DEBIAN. */
  readonly suite?: DebianSuite;
  /** Packages of Debian that the image brings besides; none of their services is enabled. */
  readonly packages?: readonly string[];
  /** Path on the host to path on this machine, beside or instead of the usual programs. */
  readonly programs?: ReadonlyMap<string, string>;
  /** A tree laid over each host's root before its first boot: settings of the test, never of the product. */
  readonly trees?: readonly string[];
  readonly nspawnArguments?: readonly string[];
  /** Default: the newest. */
  readonly containerdVersion?: string;
}

/** A new host for each node, switched off, all of them that hold nothing but the artifacts of `built`, brought by `carrier`. */
export async function createHosts(built: BuiltCluster, carrier: Carrier, settings: HostSettings = {}): Promise<ControlPlane> {
  const kubernetes = await ensureKubernetes(built.kubernetesVersion);
  const pods = await podHost(
    settings.programs ?? (await programsOfHost(built.kubernetesVersion, settings.containerdVersion)),
    settings.containerdVersion,
  );
  const rootFileSystem = await ensureRootFileSystem(settings.suite, settings.packages);
  const network = await createNetwork();
  const nspawnArguments = [...pods.nspawnArguments, ...(settings.nspawnArguments ?? [])];
  const hostsOf = async (nodes: readonly TestNode[]) => {
    const members: Member[] = [];
    for (const { name, address } of nodes) {
      const seed = await seedTree(join(built.out, 'nodes', name), carrier);
      const trees = [...pods.trees, ...(settings.trees ?? []), seed];
      const host = await createHost({ ...pods, name, network, rootFileSystem, trees, nspawnArguments });
      members.push({ name, address, host });
    }
    return members;
  };
  const [members, workers] = [await hostsOf(built.nodes), await hostsOf(built.workers)];
  return { network, members, workers, operator: await operatorWith(join(built.out, 'admin.conf'), join(kubernetes, 'kubectl'), network) };
}

/** A directory that, laid over a host's root, is what `carrier` brings to it. */
export async function seedTree(nodeDirectory: string, carrier: Carrier): Promise<string> {
  await mkdir(runDirectory(), { recursive: true });
  const tree = await mkdtemp(join(runDirectory(), 'seed-'));
  if (carrier === 'user-data') await seedByUserData(tree, nodeDirectory);
  else await seedByTarball(tree, nodeDirectory, await readFile(join(nodeDirectory, 'network-config'), 'utf8'));
  return tree;
}
