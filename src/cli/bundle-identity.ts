// --with-identity: the payload of one node, for a stick that only that machine gets. It stands beside the bundle, never in it.
import { dirname, join } from 'node:path';
import type { Encrypter } from 'age-encryption';
import { now } from '../clock.ts';
import { NODE_FILES, nodePath } from '../emit/artifact.ts';
import { verifyPaths } from '../inspect/verify.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import { replaceFile } from '../write/atomic-file.ts';
import { SECRETS_MODE } from './build-from-disk.ts';
import type { Invocation } from './command.ts';
import { displayPath } from './display-path.ts';
import { outputRoot, type Project, readIfPresent } from './project.ts';
import { UsageError } from './usage-error.ts';

export interface NodeIdentity {
  readonly node: string;
  /** node.tar.gz of the last build. */
  readonly tarball: Uint8Array;
  readonly encrypter: Encrypter;
}

/** What --with-identity asks for; undefined when it asks for nothing. @throws UsageError and system errors */
export async function identityOf(invocation: Invocation, project: Project, cluster: Cluster): Promise<NodeIdentity | Problem | undefined> {
  const node = invocation.values.get('with-identity');
  const recipients = invocation.lists.get('recipient') ?? [];
  if (node === undefined) {
    if (recipients.length > 0) throw new UsageError('--recipient belongs to --with-identity NODE: nothing else is encrypted');
    return undefined;
  }
  if (recipients.length === 0)
    throw new UsageError('--with-identity needs --recipient age1…: a payload with keys is never written in the clear');
  const names = cluster.nodes.map(({ name }) => name);
  if (!names.includes(node)) throw new UsageError(`--with-identity ${node}: ${cluster.name} has no such node`);
  const path = displayPath(join(outputRoot(project, invocation), cluster.name, nodePath(node, NODE_FILES.tarball)));
  const bytes = readIfPresent(path)?.bytes;
  if (bytes === undefined)
    return {
      severity: 'error',
      code: 'file-not-found',
      path: [],
      message: `${path}: no such file or directory`,
      hint: 'kubekiln build makes it',
    };
  const { problems } = verifyPaths([path], { now: now() });
  const [wrong] = hasErrors(problems) ? problems : [];
  return wrong ?? { node, tarball: bytes, encrypter: await encrypterTo(recipients) };
}

async function encrypterTo(recipients: readonly string[]): Promise<Encrypter> {
  // most bundles have no identity beside them
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      throw new UsageError(`--recipient ${recipient}: it is no recipient of age (age-keygen -y shows one)`);
    }
  }
  return encrypter;
}

/** @returns the file, beside the bundle. @throws system errors */
export async function writeIdentity({ node, tarball, encrypter }: NodeIdentity, bundle: string): Promise<string> {
  const path = join(dirname(bundle), `${node}-identity.age`);
  replaceFile(path, await encrypter.encrypt(tarball), SECRETS_MODE);
  return path;
}
