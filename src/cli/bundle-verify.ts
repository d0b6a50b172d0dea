import { existsSync } from 'node:fs';
import { checkSignature, signatureOf } from '../bundle/signature.ts';
import { verifyBundle } from '../bundle/verify.ts';
import { finding } from '../inspect/finding.ts';
import { hasErrors, type Problem } from '../problem.ts';
import { wantedByCluster } from './bundle-cluster.ts';
import type { Invocation, Outcome, Reporter } from './command.ts';
import { counted, withCommas } from './table.ts';
import { UsageError } from './usage-error.ts';

/** `kubekiln bundle verify`, and `verify` of a bundle. @throws UsageError and system errors */
export async function verifyBundleAndReport(path: string, invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const { problems: ofCluster, files, wanted, cluster } = wantedByCluster(invocation);
  if (hasErrors(ofCluster)) return { problems: ofCluster, files };
  const signed = await signatureReport(path, invocation);
  const { problems: found, entries, bytes } = await verifyBundle(path, wanted, doing => reporter.progress(doing));
  const problems = [...ofCluster, ...('code' in signed ? [signed] : []), ...found];
  const images = entries.filter(({ kind }) => kind === 'image').length;
  const programs = entries.filter(({ kind }) => kind === 'file').length;
  const complete = cluster === undefined ? 'no cluster.yaml here to compare it with (-f names one)' : `it holds all that ${cluster} needs`;
  const signer = 'signer' in signed ? signed.signer : undefined;
  return {
    problems,
    files,
    text: [
      `${path}: ${withCommas(bytes)} bytes, ${counted(programs, 'program')}, ${counted(images, 'image')}: every byte is as its index says.`,
      `Complete: ${complete}.`,
      `Signature: ${signer === undefined ? 'not checked (--allowed-signers names who may sign)' : `by ${signer}`}.`,
      '',
    ].join('\n'),
    data: {
      apiVersion: 'kubekiln/v1alpha1',
      kind: 'BundleVerification',
      path,
      bytes,
      programs,
      images,
      ...(cluster !== undefined && { completeFor: cluster }),
      ...(signer !== undefined && { signer }),
    },
  };
}

/** Who signed it, why that cannot be said, or that nobody asked. */
async function signatureReport(path: string, invocation: Invocation): Promise<{ readonly signer?: string } | Problem> {
  const allowedSigners = invocation.values.get('allowed-signers');
  const identity = invocation.values.get('identity');
  const named = invocation.values.get('signature');
  if (allowedSigners === undefined) {
    const given = identity !== undefined ? '--identity' : named !== undefined ? '--signature' : undefined;
    if (given !== undefined) throw new UsageError(`${given} needs --allowed-signers, which says whose keys count`);
    return {};
  }
  const signature = named ?? signatureOf(path);
  if (!existsSync(signature)) return finding('signature-missing', signature, 'no such file', 'kubekiln bundle create --sign-key makes it');
  return checkSignature(path, { signature, allowedSigners, ...(identity !== undefined && { identity }) });
}
