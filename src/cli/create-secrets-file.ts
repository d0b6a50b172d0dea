import { lstatSync } from 'node:fs';
import { parseLock } from '../pki/lock-file.ts';
import { hasErrors, type Problem } from '../problem.ts';
import { createFile, replaceFile } from '../write/atomic-file.ts';
import { PUBLIC_MODE, SECRETS_MODE } from './build-from-disk.ts';
import { type Invocation, NOTHING_WRITTEN, type Outcome, type Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { ensureGitignore } from './gitignore.ts';
import { loadCluster } from './loaded-cluster.ts';
import { newSecretsFor } from './new-secrets.ts';
import { type Project, projectOf, readIfPresent } from './project.ts';
import { withProjectLock } from './with-lock.ts';

/** `kubekiln secrets init`. */
export async function createSecretsFile(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const project = projectOf(invocation);
  const busy = (problem: Problem): Outcome => ({ problems: [problem], afterword: NOTHING_WRITTEN });
  return withProjectLock(project, busy, () => create(project, invocation, reporter));
}

async function create(project: Project, invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const name = displayPath(project.secretsFile);
  if (lstatSync(project.secretsFile, { throwIfNoEntry: false }) !== undefined)
    return { problems: [alreadyThere(name)], afterword: NOTHING_WRITTEN };
  const { cluster, problems, files } = loadCluster(project);
  if (cluster === undefined) return { problems, files, afterword: NOTHING_WRITTEN };
  const lockFile = readIfPresent(project.lockFile);
  const lock = lockFile && parseLock({ fileName: displayPath(project.lockFile), text: lockFile.text });
  if (lock !== undefined && hasErrors(lock.problems))
    return { problems: [...problems, ...lock.problems], files, afterword: NOTHING_WRITTEN };
  const made = await newSecretsFor(cluster, lock?.lock, invocation, reporter);
  const told = [...problems, ...made.problems];
  if (made.texts === undefined || hasErrors(told)) return { problems: told, files, afterword: NOTHING_WRITTEN };
  ensureGitignore(project.directory);
  createFile(project.secretsFile, made.texts.secrets, SECRETS_MODE);
  replaceFile(project.lockFile, made.texts.lock, PUBLIC_MODE);
  return {
    problems: told,
    files,
    text: `Created ${name} (0600) for ${cluster.name}\n`,
    data: { apiVersion: 'kubekiln/v1alpha1', kind: 'SecretsInit', cluster: cluster.name, file: name },
    notes: ['Whoever loses secrets.yaml loses the cluster, and whoever reads it owns the cluster: back it up, share it with nobody.'],
    next: ['kubekiln build'],
  };
}

function alreadyThere(name: string): Problem {
  return {
    severity: 'error',
    code: 'file-exists',
    path: [],
    message: `${name} already exists, and it is never overwritten: it may be the only copy of a cluster's keys`,
    hint: 'kubekiln secrets list says what it holds; kubekiln build uses it',
  };
}
