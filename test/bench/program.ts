// kubekiln and its peers as processes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/formats/package-root.ts';
import type { Work } from './rounds.ts';

/** KUBEKILN names another build of the program than dist/. */
export const PROGRAM = process.env.KUBEKILN ?? join(packageRoot(), 'dist', 'kubekiln.js');

// NODE_EXTRA_CA_CERTS doubles the time that node takes to start.
const { NODE_EXTRA_CA_CERTS: _slow, NODE_OPTIONS: _options, ...ENVIRONMENT } = process.env;

/** @throws Error with what the program said when it fails */
export function call(program: string, args: readonly string[], directory: string, environment: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: directory,
    env: { ...ENVIRONMENT, ...environment },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined || status !== 0) throw error ?? new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

export function node(directory: string, ...args: readonly string[]): Work {
  return { run: () => call(process.execPath, args, directory) };
}

/** A script for sh: many short programs without node between them. */
export function shell(directory: string, script: string): Work {
  return { run: () => call('sh', ['-ec', script], directory) };
}

export function isThere(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).error === undefined;
}

/** An empty directory. */
export function emptied(directory: string): string {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return directory;
}

const MEMORY_FILE = 'KUBEKILN_BENCH_MEMORY';
const REPORT_MEMORY = `import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(process.env.${MEMORY_FILE}, String(process.resourceUsage().maxRSS)));`;

/** Largest resident set of a kubekiln run, in MB. */
export function peakMemory(directory: string, ...args: readonly string[]): number {
  const file = join(directory, 'peak-memory');
  const hook = `data:text/javascript,${encodeURIComponent(REPORT_MEMORY)}`;
  call(process.execPath, ['--import', hook, PROGRAM, ...args], directory, { [MEMORY_FILE]: file });
  return Number(readFileSync(file, 'utf8')) / 1024;
}

/** A project of three control-plane nodes and some workers, with every component that needs nothing from elsewhere, and without keys. */
export function writeCluster(directory: string, workers: number): void {
  const node = (name: string, role: string, address: string) => `  - {name: ${name}, role: ${role}, address: ${address}}`;
  const controlPlane = [1, 2, 3].map(index => node(`cp-${index}`, 'control-plane', `10.0.0.${10 + index}`));
  const others = Array.from({ length: workers }, (_, index) => node(`w-${index}`, 'worker', `10.1.${index >> 8}.${index & 255}`));
  const head = [
    'apiVersion: kubekiln/v1alpha1',
    'kind: Cluster',
    'metadata: {name: bench}',
    'spec:',
    '  kubernetesVersion: v1.37.1',
    '  networking: {podSubnet: 10.240.0.0/12, serviceSubnet: 10.96.0.0/16}',
    '  addons: [addon.yaml]',
    '  nodes:',
  ];
  emptied(directory);
  writeFileSync(join(directory, 'addon.yaml'), '{apiVersion: v1, kind: ConfigMap, metadata: {name: addon, namespace: kube-system}}\n');
  writeFileSync(join(directory, 'cluster.yaml'), `${[...head, ...controlPlane, ...others].join('\n')}\n`);
}
