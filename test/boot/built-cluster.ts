import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KUBERNETES_VERSION } from './cache.ts';
import { run } from './command.ts';
import { networkConfigOf, THREE_NODES } from './nodes.ts';
import { KUBEKILN } from './repository.ts';
import { runDirectory } from './run-directory.ts';

/** What kubekiln made, as files. Hosts can be booted from it any number of times. */
export interface BuiltCluster {
  /** Holds cluster.yaml and secrets.yaml. */
  readonly directory: string;
  /** out/<cluster> */
  readonly out: string;
  readonly kubernetesVersion: string;
  /** stdout of `build`. */
  readonly report: string;
}

export interface ClusterSettings {
  readonly kubernetesVersion?: string;
  /** Laid over `spec` of cluster.yaml. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

const NAME = 'boot';

/** Runs the built kubekiln as a user does: init, an edited cluster.yaml, build, verify. @throws with its words when one of them fails */
export async function buildCluster(settings: ClusterSettings = {}): Promise<BuiltCluster> {
  if (!existsSync(KUBEKILN)) throw new Error(`${KUBEKILN} is missing: npm run build`);
  await mkdir(runDirectory(), { recursive: true });
  const directory = await mkdtemp(join(runDirectory(), 'cluster-'));
  const kubernetesVersion = settings.kubernetesVersion ?? KUBERNETES_VERSION;
  const kubekiln = (...args: string[]) => run(process.execPath, [KUBEKILN, ...args], { cwd: directory });
  const addresses = THREE_NODES.map(node => node.address).join(',');
  await kubekiln('init', NAME, '--control-plane', addresses, '--kubernetes-version', kubernetesVersion);
  await writeFile(join(directory, 'cluster.yaml'), clusterYaml(kubernetesVersion, settings.spec ?? {}));
  const report = await kubekiln('build');
  await kubekiln('verify');
  return { directory, out: join(directory, 'out', NAME), kubernetesVersion, report };
}

/** JSON is YAML: what is laid over it needs no templates. */
function clusterYaml(kubernetesVersion: string, spec: Readonly<Record<string, unknown>>): string {
  const nodes = THREE_NODES.map(({ name, address }) => ({ name, role: 'control-plane', address, networkConfig: networkConfigOf(address) }));
  const document = {
    apiVersion: 'kubekiln/v1alpha1',
    kind: 'Cluster',
    metadata: { name: NAME },
    spec: { kubernetesVersion, nodes, ...spec },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
