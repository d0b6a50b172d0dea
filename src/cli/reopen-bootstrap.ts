import { fromRfc3339, now, toDay } from '../clock.ts';
import { reopenBootstrap } from '../pki/reopen-bootstrap.ts';
import { serializeSecrets } from '../pki/secrets-file.ts';
import type { Problem } from '../problem.ts';
import { replaceFile } from '../write/atomic-file.ts';
import { SECRETS_MODE } from './build-from-disk.ts';
import { type Invocation, NOTHING_WRITTEN, type Outcome } from './command.ts';
import { displayPath } from './display-path.ts';
import { loadClusterWithSecrets } from './loaded-cluster.ts';
import { type Project, projectOf } from './project.ts';
import { withProjectLock } from './with-lock.ts';

/** `kubekiln secrets reopen-bootstrap`. */
export async function reopenBootstrapOnDisk(invocation: Invocation): Promise<Outcome> {
  const project = projectOf(invocation);
  const busy = (problem: Problem): Outcome => ({ problems: [problem], afterword: NOTHING_WRITTEN });
  return withProjectLock(project, busy, async () => reopen(project));
}

function reopen(project: Project): Outcome {
  const { cluster, secrets, problems, files } = loadClusterWithSecrets(project);
  if (cluster === undefined || secrets === undefined) return { problems, files, afterword: NOTHING_WRITTEN };
  const reopened = reopenBootstrap(cluster, secrets, now());
  replaceFile(project.secretsFile, serializeSecrets(reopened), SECRETS_MODE);
  const { clusterToken, bootstrapBefore } = reopened.etcd;
  const until = toDay(fromRfc3339(bootstrapBefore) ?? 0);
  return {
    problems,
    files,
    text: `${cluster.name} may be founded anew until ${until} (etcd cluster token ${clusterToken}, in ${displayPath(project.secretsFile)})\n`,
    data: { apiVersion: 'kubekiln/v1alpha1', kind: 'ReopenBootstrap', cluster: cluster.name, clusterToken, bootstrapBefore },
    notes: [
      'The new cluster starts EMPTY. Where one etcd member still has its data, keep that member and replace the others instead: nothing of the old data comes over.',
      'An etcd that still has data goes on with it, whatever its payload says: empty the data directory of every control-plane node first.',
    ],
    next: [
      'kubekiln build',
      'boot every control-plane node with its new seed and an empty disk, or run ./install --apply from its new node.tar.gz',
    ],
  };
}
