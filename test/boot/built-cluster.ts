import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KUBERNETES_VERSION } from './cache.ts';
import { run } from './command.ts';
import { address6Of, networkConfigOf, type TestNode, THREE_NODES, workerNodes } from './nodes.ts';
import { KUBEKILN } from './repository.ts';
import { runDirectory } from './run-directory.ts';

/** What kubekiln made, as files. Hosts can be booted from it any number of times. */
export interface BuiltCluster {
  /** Holds cluster.yaml and secrets.yaml. */
  readonly directory: string;
  /** out/<cluster> */
  readonly out: string;
  readonly kubernetesVersion: string;
  /** The control plane's. */
  readonly nodes: readonly TestNode[];
  readonly workers: readonly TestNode[];
  /** stdout of `build`. */
  readonly report: string;
  /** Runs kubekiln there, as `kubekiln('secrets', 'reopen-bootstrap')`. Returns its stdout. @throws when it fails */
  kubekiln(...args: string[]): Promise<string>;
}

export interface ClusterSettings {
  readonly kubernetesVersion?: string;
  /** Laid over `spec` of cluster.yaml. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** What a user does between an edited cluster.yaml and the first build. */
  readonly beforeBuild?: (kubekiln: (...args: string[]) => Promise<string>, directory: string) => Promise<void>;
  /** Files beside cluster.yaml, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** How many control-plane nodes; default 3. */
  readonly size?: 1 | 3;
  /** How many worker nodes; default none. */
  readonly workers?: number;
  /** Of the control-plane nodes, in order; default nocloud. */
  readonly platforms?: readonly string[];
  /** Gives every node an IPv6 address besides, and both families to pods and Services. */
  readonly dualStack?: boolean;
  /** The day on which the cluster's secrets were made; default 0. */
  readonly daysAgo?: number;
}

const NAME = 'boot';
const DUAL_STACK = { serviceSubnet: '10.96.0.0/16,fd00:96::/112', podSubnet: '10.244.0.0/16,fd00:244::/48' };

/** Runs the built kubekiln as a user does: init, an edited cluster.yaml, build, verify. @throws with its words when one of them fails */
export async function buildCluster(settings: ClusterSettings = {}): Promise<BuiltCluster> {
  if (!existsSync(KUBEKILN)) throw new Error(`${KUBEKILN} is missing: npm run build`);
  await mkdir(runDirectory(), { recursive: true });
  const directory = await mkdtemp(join(runDirectory(), 'cluster-'));
  const kubernetesVersion = settings.kubernetesVersion ?? KUBERNETES_VERSION;
  const nodes = THREE_NODES.slice(0, settings.size ?? 3);
  const workers = workerNodes(settings.workers ?? 0);
  const kubekilnAt = (env: NodeJS.ProcessEnv, args: readonly string[]) =>
    run(process.execPath, [KUBEKILN, ...args], { cwd: directory, env, timeout: 300_000 });
  const then = settings.daysAgo === undefined ? process.env : { ...process.env, SOURCE_DATE_EPOCH: secondsAt(settings.daysAgo) };
  const addresses = nodes.map(node => node.address).join(',');
  await kubekilnAt(then, ['init', NAME, '--control-plane', addresses, '--kubernetes-version', kubernetesVersion]);
  await writeFile(join(directory, 'cluster.yaml'), clusterYaml(kubernetesVersion, nodes, workers, settings));
  for (const [name, content] of Object.entries(settings.files ?? {})) await writeFile(join(directory, name), content);
  await settings.beforeBuild?.((...args) => kubekilnAt(then, args), directory);
  const report = await kubekilnAt(then, ['build']);
  await kubekilnAt(then, ['verify']);
  const kubekiln = (...args: string[]) => kubekilnAt(process.env, args);
  return { directory, out: join(directory, 'out', NAME), kubernetesVersion, nodes, workers, report, kubekiln };
}

/** What SOURCE_DATE_EPOCH says so many days ago. */
function secondsAt(daysAgo: number): string {
  return String(Math.floor(Date.now() / 1000) - daysAgo * 86_400);
}

/** JSON is YAML: what is laid over it needs no templates. */
function clusterYaml(
  kubernetesVersion: string,
  controlPlane: readonly TestNode[],
  workers: readonly TestNode[],
  { dualStack = false, platforms = [], spec = {} }: ClusterSettings,
): string {
  const of = (role: string, hosts: readonly TestNode[]) =>
    hosts.map(({ name, address }, index) => ({
      ...{ name, role, address, networkConfig: networkConfigOf(address, { dualStack }) },
      ...(role === 'control-plane' && platforms[index] !== undefined ? { platform: platforms[index] } : {}),
      ...(dualStack ? { addresses: [address6Of(address)] } : {}),
    }));
  const nodes = [...of('control-plane', controlPlane), ...of('worker', workers)];
  const networking = dualStack ? { networking: DUAL_STACK } : {};
  const document = {
    apiVersion: 'kubekiln/v1alpha1',
    kind: 'Cluster',
    metadata: { name: NAME },
    spec: { kubernetesVersion, nodes, ...networking, ...spec },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
