import { capture, type Output, type RunOptions, run } from './command.ts';
import { NAMESPACE_PREFIX, runDirectory } from './run-directory.ts';

/** A network namespace with one bridge: the only network that a test cluster's hosts ever see. This machine stands in it as the gateway. */
export interface Network {
  readonly namespace: string;
  readonly bridge: string;
  readonly gateway: string;
  /** Runs a program in the namespace, from outside the hosts: what an operator's desk would be. @throws when it fails */
  run(program: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** The same, whatever the exit code. */
  capture(program: string, args: readonly string[], options?: RunOptions): Promise<Output>;
  remove(): Promise<void>;
}

let count = 0;

/** A name for a network namespace of this run. */
export function newNamespace(): string {
  runDirectory();
  return `${NAMESPACE_PREFIX}${count++}`;
}

/** Addresses of test clusters; the namespace keeps them apart from every other network, and from other runs' clusters with the same ones. */
export const SUBNET = { prefix: '10.77.0', length: 24 } as const;

/** What dual-stack clusters have besides. */
export const SUBNET_6 = { prefix: 'fd00:77:', length: 64 } as const;

/** Makes a namespace with a bridge. It goes when the run ends, or earlier with `remove`. */
export async function createNetwork(): Promise<Network> {
  const namespace = newNamespace();
  const bridge = 'br0';
  const gateway = `${SUBNET.prefix}.1`;
  await run('ip', ['netns', 'add', namespace]);
  const inside = (...args: string[]) => run('ip', ['-n', namespace, ...args]);
  await inside('link', 'set', 'lo', 'up');
  await inside('link', 'add', bridge, 'type', 'bridge');
  await inside('address', 'add', `${gateway}/${SUBNET.length}`, 'dev', bridge);
  await inside('address', 'add', `${SUBNET_6.prefix}:1/${SUBNET_6.length}`, 'dev', bridge, 'nodad');
  await inside('link', 'set', bridge, 'up');
  return {
    namespace,
    bridge,
    gateway,
    ...programsIn(namespace),
    remove: async () => void (await run('ip', ['netns', 'delete', namespace])),
  };
}

/** Arguments of nsenter that run a program in a network namespace. Not `ip netns exec`: that remounts /sys, and nspawn then finds no control groups. */
export function enterNetwork(namespace: string, program: string, args: readonly string[]): readonly string[] {
  return [`--net=/run/netns/${namespace}`, program, ...args];
}

/** Runs programs of this machine in a network namespace. */
export function programsIn(namespace: string): Pick<Network, 'run' | 'capture'> {
  return {
    run: (program, args, options) => run('nsenter', enterNetwork(namespace, program, args), options),
    capture: (program, args, options) => capture('nsenter', enterNetwork(namespace, program, args), options),
  };
}
