import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureEtcd, ensureKubernetes, ensureRootFileSystem, KUBERNETES_VERSION, programsOf } from './cache.ts';
import { run } from './command.ts';
import type { ControlPlane } from './control-plane.ts';
import { createHost } from './host.ts';
import { createNetwork } from './network.ts';
import { networkConfigOf, THREE_NODES } from './nodes.ts';
import { operatorWith } from './operator.ts';
import { podHost } from './pod-host.ts';
import { BOOT_SCRIPTS } from './repository.ts';
import { runDirectory } from './run-directory.ts';
import { seedOfPlainHost } from './seed.ts';

/** Files of the floor: a control plane of the shortest hand-made units, which power-on times are compared with. */
export interface Floor {
  readonly directory: string;
  readonly kubernetes: string;
}

/** Lays out the floor's files once: they can be booted several times. */
export async function layOutFloor(): Promise<Floor> {
  const kubernetes = await ensureKubernetes();
  const directory = join(runDirectory(), 'floor');
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length === 0) {
    const members = THREE_NODES.map(({ name, address }) => `${name}=${address}`);
    await run(join(BOOT_SCRIPTS, 'floor/lay-out.sh'), [join(kubernetes, 'kubeadm'), KUBERNETES_VERSION, directory, ...members]);
    for (const { name, address } of THREE_NODES)
      await seedOfPlainHost(join(directory, name), name, JSON.stringify(networkConfigOf(address)));
  }
  return { directory, kubernetes };
}

/** Three new hosts with the floor's files, switched off. */
export async function createFloor(floor: Floor): Promise<ControlPlane> {
  const network = await createNetwork();
  // The same hosts as kubekiln's: both are compared.
  const pods = await podHost(programsOf(await ensureEtcd(), floor.kubernetes));
  const rootFileSystem = await ensureRootFileSystem();
  const members = [];
  for (const { name, address } of THREE_NODES) {
    const host = await createHost({ ...pods, name, network, rootFileSystem, trees: [...pods.trees, join(floor.directory, name)] });
    members.push({ name, address, host });
  }
  return {
    network,
    members,
    workers: [],
    operator: await operatorWith(join(floor.directory, 'admin.conf'), join(floor.kubernetes, 'kubectl'), network),
  };
}
