import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasErrors, type Problem } from '../problem.ts';
import { readCluster } from '../spec/read-cluster.ts';
import { starterClusterYaml } from '../spec/starter.ts';
import { createFile } from '../write/atomic-file.ts';
import { about, failedWith } from '../write/file-system-problem.ts';
import { PUBLIC_MODE, SECRETS_MODE } from './build-from-disk.ts';
import { clusterSummary } from './cluster-summary.ts';
import { type Invocation, NOTHING_WRITTEN, type Outcome, type Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { ensureGitignore } from './gitignore.ts';
import { newSecretsFor } from './new-secrets.ts';
import { type Project, projectOf } from './project.ts';
import { renderTable } from './table.ts';
import { UsageError } from './usage-error.ts';
import { withProjectLock } from './with-lock.ts';

/** `kubekiln init`. @throws UsageError and system errors; what it created by then is removed again */
export async function createProject(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const project = projectOf(invocation);
  if (project.clusterFile === undefined) throw new UsageError('init writes cluster.yaml, so -f must name a file');
  about(project.directory, () => mkdirSync(project.directory, { recursive: true }));
  const busy = (problem: Problem): Outcome => ({ problems: [problem], afterword: NOTHING_WRITTEN });
  return withProjectLock(project, busy, () => create(project, invocation, reporter));
}

async function create(project: Project, invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const name = invocation.positionals[0] ?? 'dev';
  const existing = existingFiles(project, name);
  if (existing.length > 0) return { problems: existing, afterword: NOTHING_WRITTEN };
  const text = starterText(name, invocation);
  const { cluster, problems, source } = readCluster({
    fileName: project.clusterFileName,
    bytes: Buffer.from(text),
    readSibling: () => undefined,
  });
  const files = new Map([[source.name, source]]);
  if (cluster === undefined) return { problems, files, afterword: NOTHING_WRITTEN };
  const made = await newSecretsFor(cluster, undefined, invocation, reporter);
  const told = [...problems, ...made.problems];
  if (made.texts === undefined || hasErrors(told)) return { problems: told, files, afterword: NOTHING_WRITTEN };
  writeAll(project, text, made.texts);
  const edit = invocation.lists.has('control-plane') ? [] : [`edit the addresses in ${project.clusterFileName}`];
  return {
    problems: told,
    files,
    text: `Created ${clusterSummary(cluster)}\n${fileTable(project)}`,
    data: {
      apiVersion: 'kubekiln/v1alpha1',
      kind: 'Init',
      cluster: cluster.name,
      directory: displayPath(project.directory),
      files: writtenFiles(project).map(([path]) => path),
    },
    notes: ['Whoever loses secrets.yaml loses the cluster, and whoever reads it owns the cluster: back it up, share it with nobody.'],
    next: [...edit, ['kubekiln build', ...(invocation.values.has('file') ? [`-f ${project.clusterFileName}`] : [])].join(' ')],
  };
}

function starterText(name: string, invocation: Invocation): string {
  const version = invocation.values.get('kubernetes-version');
  const platform = invocation.values.get('platform');
  return starterClusterYaml({
    name,
    controlPlane: invocation.lists.get('control-plane') ?? [],
    workers: invocation.lists.get('worker') ?? [],
    ...(version !== undefined && { kubernetesVersion: version.startsWith('v') ? version : `v${version}` }),
    ...(platform !== undefined && { platform }),
  });
}

function existingFiles(project: Project, name: string): readonly Problem[] {
  return [project.clusterFile ?? '', project.secretsFile, project.lockFile]
    .filter(path => lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    .map(path => ({
      severity: 'error',
      code: 'file-exists',
      path: [],
      message: `${displayPath(path)} already exists, and init never overwrites`,
      hint: `kubekiln build builds it; kubekiln secrets init makes a secrets.yaml that is missing; another cluster gets a directory of its own: kubekiln init ${name} -f ${name}/cluster.yaml`,
    }));
}

/** cluster.yaml comes before secrets.yaml: a run killed between them is continued by `secrets init`. .gitignore comes before any secret. */
function writeAll(project: Project, clusterText: string, texts: { readonly secrets: string; readonly lock: string }): void {
  ensureGitignore(project.directory);
  const created: string[] = [];
  try {
    for (const [path, text, mode] of [
      [project.clusterFile ?? '', clusterText, PUBLIC_MODE],
      [project.secretsFile, texts.secrets, SECRETS_MODE],
      [project.lockFile, texts.lock, PUBLIC_MODE],
    ] as const) {
      createFile(path, text, mode);
      created.push(path);
    }
  } catch (error) {
    // only what this run created; a file that appeared meanwhile is another's
    if (!failedWith(error, 'EEXIST') || created.length > 0) for (const path of created) rmSync(path, { force: true });
    throw error;
  }
}

function writtenFiles(project: Project): readonly (readonly [path: string, about: string])[] {
  return [
    [displayPath(project.clusterFile ?? ''), 'what the cluster is: edit it, commit it'],
    [displayPath(project.secretsFile), 'its keys (0600): back it up, never commit it'],
    [displayPath(project.lockFile), 'what must not drift silently: commit it'],
    [displayPath(join(project.directory, '.gitignore')), 'keeps keys and out/ out of git: commit it'],
  ];
}

function fileTable(project: Project): string {
  return renderTable(['FILE', 'WHAT'], writtenFiles(project));
}
