import { addonProblems } from '../components/addon-problems.ts';
import { parseYaml } from '../formats/yaml.ts';
import { hasErrors, type Problem } from '../problem.ts';
import { readCluster } from '../spec/read-cluster.ts';
import { resolvedClusterYaml } from '../spec/resolved-yaml.ts';
import { clusterSummary } from './cluster-summary.ts';
import type { Invocation, Outcome, Reporter } from './command.ts';
import { projectOf, readClusterBytes, siblingReader } from './project.ts';

/** `kubekiln validate`. @throws system errors */
export async function validateAndReport(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const project = projectOf(invocation);
  const bytes = readClusterBytes(project);
  reporter.detail(`read ${project.clusterFileName}`);
  const {
    cluster,
    problems: found,
    source,
  } = readCluster({ fileName: project.clusterFileName, bytes, readSibling: siblingReader(project) });
  const problems = [...found, ...(cluster === undefined ? [] : addonProblems(cluster, project.clusterFileName))];
  const told = invocation.flags.has('strict') ? problems.map(asError) : problems;
  const files = new Map([[source.name, source]]);
  if (cluster === undefined || hasErrors(told)) return { problems: told, files };
  return {
    problems: told,
    files,
    text: `${project.clusterFileName} is valid: ${clusterSummary(cluster)}\n`,
    data: parseYaml(resolvedClusterYaml(cluster)).value as object,
    next: ['kubekiln build'],
  };
}

function asError(problem: Problem): Problem {
  return { ...problem, severity: 'error' };
}
