// One virtual machine that boots from nothing but the seed ISO of a one-node cluster.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuiltCluster, buildCluster } from './built-cluster.ts';
import { ensureKubernetes } from './cache.ts';
import type { Machine } from './machine.ts';
import { createNetwork, type Network } from './network.ts';
import { networkConfigOf, THREE_NODES } from './nodes.ts';
import { type Operator, operatorWith } from './operator.ts';
import { eventually } from './patience.ts';
import { REPOSITORY } from './repository.ts';
import { type ConsoleMark, consoleSince, unitState } from './verdict.ts';
import { createVm, type Vm, type VmOptions } from './vm.ts';

/** All that an emulated machine does takes minutes, not seconds. Milliseconds. */
export const VM_PATIENCE = 900_000;

export interface VmCase {
  readonly vm: Vm;
  readonly address: string;
  readonly built: BuiltCluster;
  readonly network: Network;
  readonly operator: Operator;
}

/** Builds a cluster of one node for virtual machines; `spec` is laid over cluster.yaml's. */
export function buildVmCluster(spec: Readonly<Record<string, unknown>> = {}): Promise<BuiltCluster> {
  const nodes = THREE_NODES.slice(0, 1).map(({ name, address }) => ({
    ...{ name, role: 'control-plane', address },
    networkConfig: networkConfigOf(address, { name: 'eth0' }),
  }));
  return buildCluster({ size: 1, spec: { nodes, ...spec } });
}

/** Hands a machine, switched off, to `use`; then keeps its logs under `label` and takes it down, whatever happened. */
export async function withVm(
  label: string,
  built: BuiltCluster,
  options: Omit<VmOptions, 'name' | 'network' | 'seedIso'>,
  use: (vmCase: VmCase) => Promise<void>,
): Promise<void> {
  const [node] = built.nodes;
  if (node === undefined) throw new Error('a cluster without a node');
  const network = await createNetwork();
  const operator = await operatorWith(join(built.out, 'admin.conf'), join(await ensureKubernetes(), 'kubectl'), network);
  const seedIso = join(built.out, 'nodes', node.name, 'seed.iso');
  const vm = await createVm({ name: node.name, network, seedIso, ...options });
  try {
    await use({ vm, address: node.address, built, network, operator });
  } finally {
    await keepLog(vm, label);
    await vm.remove();
    await network.remove();
  }
}

async function keepLog(machine: Machine, label: string): Promise<void> {
  const directory = join(process.env.KUBEKILN_BOOT_LOGS ?? join(REPOSITORY, 'build/boot-logs'), label);
  await mkdir(directory, { recursive: true });
  await cp(machine.consoleLog, join(directory, `${machine.name}.console.log`)).catch(() => {});
  await writeFile(join(directory, `${machine.name}.journal.log`), await machine.journal('--output=short-precise').catch(String));
}

/** Waits until kubekiln says on the console, after `mark`, that the machine is installed. */
export async function untilDone(vm: Vm, mark: ConsoleMark = 0): Promise<void> {
  const explain = async () => (await consoleSince(vm, mark)).slice(-4000);
  const done = async () => / kubekiln: done: /.test(await consoleSince(vm, mark));
  await eventually(`${vm.name} is installed`, done, { timeout: VM_PATIENCE, explain });
}

/** etcd serves only when it could talk to itself: its certificates are valid at the time that the machine has. */
export async function untilEtcdServes(vm: Vm): Promise<void> {
  const serves = async () => (await unitState(vm, 'etcd.service')) === 'active/running';
  await eventually('etcd serves', serves, { timeout: VM_PATIENCE, every: 1000, explain: () => vm.journal('--unit=etcd', '--lines=40') });
}

/** Waits for /readyz; returns how long it took, in milliseconds. */
export async function untilVmReady({ vm, address, operator }: VmCase): Promise<number> {
  const since = performance.now();
  const explain = async () => (await vm.try('journalctl --quiet --no-pager --lines=40')).stdout;
  await eventually('the machine is ready', () => operator.ready(address), { timeout: VM_PATIENCE, every: 1000, explain });
  return performance.now() - since;
}

export interface CloudInitResult {
  readonly datasource: string;
  readonly errors: readonly string[];
}

/** Waits for the end of cloud-init; what it says then. (Its own program takes a minute to start here.) */
export async function cloudInitResult(vm: Vm): Promise<CloudInitResult> {
  const json = await eventually('cloud-init is done', () => vm.read('run/cloud-init/result.json'), { timeout: VM_PATIENCE, every: 1000 });
  return (JSON.parse(json) as { readonly v1: CloudInitResult }).v1;
}
