import type { Command } from '../command.ts';
import { packageVersion } from '../package-version.ts';

export const version: Command = {
  words: ['version'],
  arguments: [],
  options: [],
  summary: 'version of kubekiln and the Kubernetes releases it knows',
  about: ['Prints the version of kubekiln, of node, and the Kubernetes minors that cluster.yaml may name.'],
  examples: ['kubekiln version -o json'],
  next: 'kubekiln init',
  run: async () => ({ text: await versionText(), data: await versionData() }),
};

async function versionData() {
  const { DEFAULT_VERSION, SUPPORTED_MINORS } = await import('../../spec/kubernetes-releases.ts');
  const kubernetes = { minors: SUPPORTED_MINORS.map(minor => `v1.${minor}`), default: DEFAULT_VERSION };
  return { apiVersion: 'kubekiln/v1alpha1', kind: 'Version', version: packageVersion(), node: process.version, kubernetes };
}

/** The three lines of `kubekiln version`. */
export async function versionText(): Promise<string> {
  const { version, node, kubernetes } = await versionData();
  return `kubekiln ${version}\nKubernetes ${kubernetes.minors.join(', ')} (default ${kubernetes.default})\nnode ${node}\n`;
}
