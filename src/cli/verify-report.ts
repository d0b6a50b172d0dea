import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { now } from '../clock.ts';
import { readConsoleLog } from '../inspect/console-log.ts';
import { verifyPaths } from '../inspect/verify.ts';
import type { Problem } from '../problem.ts';
import type { Invocation, Outcome, Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { outputRoot, projectOf, readText } from './project.ts';
import { counted, renderTable, withCommas } from './table.ts';
import { UsageError } from './usage-error.ts';

/** `kubekiln verify`. @throws UsageError and system errors */
export async function verifyAndReport(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const log = invocation.values.get('console-log');
  if (log !== undefined) return consoleReport(log, invocation);
  const root = outputRoot(projectOf(invocation), invocation);
  const paths = invocation.positionals.length > 0 ? invocation.positionals : builtClusters(root);
  if (paths.length === 0) return { problems: [nothingBuilt(root)] };
  const bundles = await bundlesAmong(paths);
  if (bundles.length === paths.length) return verifyBundles(bundles, invocation, reporter);
  if (bundles.length > 0) throw new UsageError(`${bundles.join(', ')}: a bundle is verified by itself, not beside other artifacts`);
  reporter.progress(`reading ${paths.join(', ')}`);
  const { problems, checks, nodes } = verifyPaths(paths, { now: now() });
  const rows = checks.map(({ about, count }) => [withCommas(count), about]);
  return {
    problems,
    text: `${renderTable(['CHECKED', 'WHAT'], rows, ['CHECKED'])}${paths.join(', ')}: ${counted(nodes, 'node')} verified, ${problems.length === 0 ? 'nothing wrong' : counted(problems.length, 'warning')}.\n`,
    data: { apiVersion: 'kubekiln/v1alpha1', kind: 'Verification', paths, nodes, checks },
    next: ['boot the nodes, in any order', 'kubekiln status --wait'],
  };
}

async function bundlesAmong(paths: readonly string[]): Promise<readonly string[]> {
  const { isBundle } = await import('../bundle/list-bundle.ts');
  const flags = await Promise.all(paths.map(isBundle));
  return paths.filter((_, place) => flags[place]);
}

async function verifyBundles(bundles: readonly string[], invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const [bundle, ...more] = bundles;
  if (bundle === undefined || more.length > 0) throw new UsageError('bundles are verified one by one');
  return (await import('./bundle-verify.ts')).verifyBundleAndReport(bundle, invocation, reporter);
}

/** The clusters that were built below a directory, as a user would name them. */
function builtClusters(root: string): readonly string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter(name => existsSync(join(root, name, 'manifest.json')))
    .sort()
    .map(name => displayPath(join(root, name)));
}

function nothingBuilt(root: string): Problem {
  return {
    severity: 'error',
    code: 'file-not-found',
    path: [],
    message: `${displayPath(root)} holds no built cluster`,
    hint: 'kubekiln build makes one; or name what to verify: kubekiln verify PATH',
  };
}

function consoleReport(log: string, invocation: Invocation): Outcome {
  if (invocation.positionals.length > 0) throw new UsageError('--console-log reads a log, and no PATH beside it');
  const { lines, problem } = readConsoleLog(log, readText(log));
  return {
    ...(problem && { problems: [problem] }),
    text: lines.map(line => `${line}\n`).join(''),
    data: { apiVersion: 'kubekiln/v1alpha1', kind: 'ConsoleLog', path: log, lines },
  };
}
