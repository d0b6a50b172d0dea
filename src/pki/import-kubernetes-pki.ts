import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toRfc3339 } from '../clock.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import { newSecrets } from './create-secrets.ts';
import { absentFile, type ImportedAuthority, type ImportedFile, importAuthority, importKey, importProblem } from './import-authority.ts';
import { publicKeyDer, readPublicKey } from './read-key.ts';
import type { AuthorityName } from './request.ts';
import { AUTHORITY_NAMES, type Secrets, type StoredServiceAccountKey } from './secrets.ts';

// kubeadm's names: https://kubernetes.io/docs/setup/best-practices/certificates/#certificate-paths
const STEMS: Readonly<Record<AuthorityName, string>> = { kubernetes: 'ca', etcd: 'etcd/ca', 'front-proxy': 'front-proxy-ca' };

/**
 * Secrets for a cluster whose authorities and service-account key exist already, in the directory that kubeadm calls pki/. An authority's key may
 * be absent (offline signer). Leaves are not taken over: the first build issues them. Encryption keys are new: kubeadm's directory holds none.
 */
export async function importKubernetesPki(
  directory: string,
  cluster: Cluster,
  now: number,
): Promise<{ readonly secrets?: Secrets; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const read = (name: string) => readImported(directory, name);
  const authority = async (name: AuthorityName): Promise<ImportedAuthority> => {
    const [certificate, key] = await Promise.all([read(`${STEMS[name]}.crt`), read(`${STEMS[name]}.key`)]);
    return importAuthority(name, certificate, key, now);
  };
  const [kubernetes, etcd, frontProxy] = await Promise.all([authority('kubernetes'), authority('etcd'), authority('front-proxy')]);
  const authorities = { kubernetes: kubernetes.entries, etcd: etcd.entries, 'front-proxy': frontProxy.entries };
  const serviceAccountKey = importServiceAccountKey(await read('sa.key'), await read('sa.pub'), now, problems);
  problems.push(...kubernetes.problems, ...etcd.problems, ...frontProxy.problems, ...sharedAuthorities(authorities));
  if (hasErrors(problems) || serviceAccountKey === undefined) return { problems };
  return { secrets: newSecrets(cluster, now, authorities, [serviceAccountKey]), problems };
}

async function readImported(directory: string, name: string): Promise<ImportedFile> {
  try {
    return { name, text: await readFile(join(directory, name), 'utf8') };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { name, text: undefined, ...(code !== 'ENOENT' && code !== 'ENOTDIR' && { failure: code }) };
  }
}

function importServiceAccountKey(
  keyFile: ImportedFile,
  publicFile: ImportedFile,
  now: number,
  problems: Problem[],
): StoredServiceAccountKey | undefined {
  if (keyFile.text === undefined) {
    problems.push(absentFile(keyFile));
    return undefined;
  }
  if (publicFile.failure) problems.push(absentFile(publicFile));
  const key = importKey({ name: keyFile.name, text: keyFile.text }, problems);
  if (key === undefined) return undefined;
  const published = publicFile.text === undefined ? key.publicKey : readPublicKey(publicFile.text);
  if (published === undefined) problems.push(importProblem('import-unreadable', publicFile.name, 'holds no public key in PEM'));
  else if (!publicKeyDer(published).equals(publicKeyDer(key.publicKey))) {
    problems.push(importProblem('import-key-mismatch', publicFile.name, `is not the public key of ${keyFile.name}`));
  }
  return { id: 'service-account-1', createdAt: toRfc3339(now), state: 'active', publicKey: key.publicPem, key: key.pem };
}

/** kubeadm keeps three apart for a reason: with one, every client of Kubernetes is a client of etcd as well. */
function sharedAuthorities(authorities: Secrets['certificateAuthorities']): Problem[] {
  const files = AUTHORITY_NAMES.map(name => ({ file: `${STEMS[name]}.crt`, certificate: authorities[name][0]?.certificate }));
  return files.flatMap(({ file, certificate }, index) => {
    const twin = certificate && files.slice(0, index).find(other => other.certificate === certificate);
    if (!twin) return [];
    const message = `is the same authority as ${twin.file}: whoever has a certificate of the one is believed where the other counts`;
    return [{ ...importProblem('import-shared-authority', file, message), severity: 'warning' }];
  });
}
