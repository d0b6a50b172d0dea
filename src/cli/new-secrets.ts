import { now } from '../clock.ts';
import { createSecrets } from '../pki/create-secrets.ts';
import { importKubernetesPki } from '../pki/import-kubernetes-pki.ts';
import { compareWithLock, type Lock, lockOf, serializeLock } from '../pki/lock-file.ts';
import { serializeSecrets } from '../pki/secrets-file.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import type { Invocation, Reporter } from './command.ts';

export interface NewSecrets {
  readonly problems: readonly Problem[];
  /** Absent when a problem is an error. */
  readonly texts?: { readonly secrets: string; readonly lock: string };
}

/**
 * New keys for a cluster, or those of the kubeadm directory that --from-kubernetes-pki names.
 * @param lock what is known of a cluster that had keys before: new ones are refused then, imported ones must be the same
 */
export async function newSecretsFor(
  cluster: Cluster,
  lock: Lock | undefined,
  invocation: Invocation,
  reporter: Reporter,
): Promise<NewSecrets> {
  const directory = invocation.values.get('from-kubernetes-pki');
  if (directory === undefined) {
    const lost = lock === undefined ? [] : compareWithLock(cluster, undefined, lock);
    if (hasErrors(lost)) return { problems: lost };
    reporter.progress('creating the keys of the cluster');
    const secrets = await createSecrets(cluster, now());
    return { problems: lost, texts: { secrets: serializeSecrets(secrets), lock: serializeLock(lockOf(cluster, secrets)) } };
  }
  reporter.progress(`reading ${directory}`);
  const { secrets, problems } = await importKubernetesPki(directory, cluster, now());
  if (secrets === undefined) return { problems };
  const told = [...problems, ...(lock === undefined ? [] : compareWithLock(cluster, secrets, lock))];
  if (hasErrors(told)) return { problems: told };
  return { problems: told, texts: { secrets: serializeSecrets(secrets), lock: serializeLock(lockOf(cluster, secrets, lock)) } };
}
