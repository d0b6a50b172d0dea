// Upstream's end-to-end specs, run against a booted cluster by the program that upstream builds of them.
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureE2e, ensureKubernetes } from './cache.ts';
import type { ControlPlane } from './control-plane.ts';
import { runDirectory } from './run-directory.ts';

export interface SpecResult {
  readonly name: string;
  /** `passed`, or why not, in one of ginkgo's words. */
  readonly state: string;
  readonly seconds: number;
  /** Where and why, when it did not pass. */
  readonly failure: string;
}

export interface SpecRun {
  /** Specs with exactly these names. */
  readonly names: readonly string[];
  /** How many run at once, other than those that are serial by upstream's word; default 8: most of a spec's time is waiting. */
  readonly processes?: number;
  /** milliseconds; specs that did not end by then are interrupted, default 45 minutes */
  readonly timeout?: number;
}

/** The parts of ginkgo's report that are read here. https://pkg.go.dev/github.com/onsi/ginkgo/v2/types#SpecReport */
interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly State: string;
  /** nanoseconds */
  readonly RunTime: number;
  readonly Failure?: { readonly Message?: string; readonly Location?: { readonly FileName?: string; readonly LineNumber?: number } };
}

/** Runs specs from the operator's desk. @throws when the run itself fails, not when specs do */
export async function runSpecs(
  plane: ControlPlane,
  { names, processes = 8, timeout = 45 * 60_000 }: SpecRun,
): Promise<readonly SpecResult[]> {
  const e2e = await ensureE2e();
  const directory = await mkdtemp(join(runDirectory(), 'e2e-'));
  const ginkgo = [
    ...[`--procs=${processes}`, `--timeout=${Math.round(timeout / 1000)}s`, '--no-color', '--silence-skips'],
    ...['--keep-going', '--randomize-all', `--focus=${focusOf(names)}`],
    ...[`--output-dir=${directory}`, '--json-report=report.json'],
  ];
  const cluster = [
    ...[`--kubeconfig=${plane.operator.kubeconfig}`, `--kubectl-path=${join(await ensureKubernetes(), 'kubectl')}`],
    ...['--provider=skeleton', '--non-blocking-taints=node-role.kubernetes.io/control-plane', '--disable-log-dump'],
  ];
  const env = { PATH: process.env.PATH ?? '', HOME: directory };
  const ran = await plane.network.capture(join(e2e, 'ginkgo'), [...ginkgo, join(e2e, 'e2e.test'), '--', ...cluster], {
    ...{ cwd: directory, env, timeout: timeout + 60_000 },
  });
  const report = await readFile(join(directory, 'report.json'), 'utf8').catch(() => '');
  if (report === '')
    throw new Error(`ginkgo exited with ${ran.code} and without a report\n${ran.stdout.slice(-4000)}\n${ran.stderr.slice(-4000)}`);
  return resultsOf(report);
}

/** Ginkgo matches the suite's own name, a space and the spec's full name. */
function focusOf(names: readonly string[]): string {
  const escaped = names.map(name => name.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&'));
  return `^Kubernetes e2e suite (${escaped.join('|')})$`;
}

/** What ran, and what of the suite's own nodes did not pass. */
function resultsOf(report: string): readonly SpecResult[] {
  const [suite] = JSON.parse(report) as readonly { readonly SpecReports: readonly SpecReport[] }[];
  return (suite?.SpecReports ?? [])
    .filter(({ LeafNodeType, State }) => State !== (LeafNodeType === 'It' ? 'skipped' : 'passed'))
    .map(({ ContainerHierarchyTexts, LeafNodeType, LeafNodeText, State, RunTime, Failure }) => ({
      name: LeafNodeType === 'It' ? [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ') : `[${LeafNodeType}] ${LeafNodeText}`,
      state: State,
      seconds: RunTime / 1e9,
      failure: Failure?.Message === undefined ? '' : `${Failure.Location?.FileName}:${Failure.Location?.LineNumber} ${Failure.Message}`,
    }));
}
