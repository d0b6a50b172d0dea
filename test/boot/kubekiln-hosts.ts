import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltCluster } from './built-cluster.ts';
import { type DebianSuite, ensureEtcd, ensureKubernetes, ensureRootFileSystem, programsOf } from './cache.ts';
import type { ControlPlane } from './control-plane.ts';
import { createHost } from './host.ts';
import { createNetwork } from './network.ts';
import { operatorWith } from './operator.ts';
import { runDirectory } from './run-directory.ts';
import { seedByTarball, seedByUserData } from './seed.ts';

/** The two entrances: cloud-init reads everything from user-data, or somebody types ./install in an unpacked node.tar.gz. */
export type Carrier = 'user-data' | 'tarball';

export interface HostSettings {
  /** Default: that of KUBEKILN_DEBIAN. */
  readonly suite?: DebianSuite;
  /** Path on the host to path on this machine, beside or instead of the usual programs. */
  readonly programs?: ReadonlyMap<string, string>;
  /** A tree laid over each host's root before its first boot: settings of the test, never of the product. */
  readonly trees?: readonly string[];
  readonly nspawnArguments?: readonly string[];
}

/** A new host for each node, switched off, all of them that hold nothing but the artifacts of `built`, brought by `carrier`. */
export async function createHosts(built: BuiltCluster, carrier: Carrier, settings: HostSettings = {}): Promise<ControlPlane> {
  const kubernetes = await ensureKubernetes(built.kubernetesVersion);
  const programs = settings.programs ?? programsOf(await ensureEtcd(), kubernetes);
  const rootFileSystem = await ensureRootFileSystem(settings.suite);
  const network = await createNetwork();
  const members = [];
  for (const { name, address } of built.nodes) {
    const seed = await seedTree(join(built.out, 'nodes', name), carrier);
    const trees = [...(settings.trees ?? []), seed];
    const host = await createHost({ name, network, rootFileSystem, trees, programs, nspawnArguments: settings.nspawnArguments ?? [] });
    members.push({ name, address, host });
  }
  return { network, members, operator: await operatorWith(join(built.out, 'admin.conf'), join(kubernetes, 'kubectl'), network) };
}

/** A directory that, laid over a host's root, is what `carrier` brings to it. */
export async function seedTree(nodeDirectory: string, carrier: Carrier): Promise<string> {
  await mkdir(runDirectory(), { recursive: true });
  const tree = await mkdtemp(join(runDirectory(), 'seed-'));
  if (carrier === 'user-data') await seedByUserData(tree, nodeDirectory);
  else await seedByTarball(tree, nodeDirectory, await readFile(join(nodeDirectory, 'network-config'), 'utf8'));
  return tree;
}
